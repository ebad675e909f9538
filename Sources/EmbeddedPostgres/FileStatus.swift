import Glibc
import SystemPackage

/// What the file system says about one path.
struct FileStatus {
    let owner: UInt32
    let mode: UInt32
    let sizeBytes: Int64
    private let device: UInt
    private let inode: UInt
    private let kind: UInt32

    /// The status of what lies at `path`, links followed; nil if nothing does, or it cannot be seen.
    init?(of path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init?(of descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        owner = status.st_uid
        mode = status.st_mode & 0o7777
        sizeBytes = Int64(status.st_size)
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        kind = status.st_mode & S_IFMT
    }

    var isFolder: Bool { kind == S_IFDIR }
    var isRegularFile: Bool { kind == S_IFREG }

    /// Whether both are one and the same file.
    func isSame(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}

/// What the last failed system call said.
func systemMessage() -> String { Errno(rawValue: errno).description }
