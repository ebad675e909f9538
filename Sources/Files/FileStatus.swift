import Glibc

/// What the file system says about one file or folder.
package struct FileStatus: Sendable {
    package let owner: UInt32
    package let group: UInt32
    /// The permission bits, with those for set-user-id, set-group-id and sticky.
    package let mode: UInt32
    package let sizeBytes: Int64
    /// How many names it has.
    let nameCount: Int
    private let device: UInt
    private let inode: UInt
    private let kind: UInt32

    /// The status of what lies at `path`, links followed; nil if nothing does, or it cannot be seen.
    package init?(of path: String) { self.init(of: path, in: AT_FDCWD, followingLinks: true) }

    /// The status of what has this name in a folder.
    init?(of name: String, in folder: Int32, followingLinks: Bool) {
        var status = stat()
        guard unsafe fstatat(folder, name, &status, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        self.init(status)
    }

    init?(of descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        owner = status.st_uid
        group = status.st_gid
        mode = status.st_mode & 0o7777
        sizeBytes = Int64(status.st_size)
        nameCount = Int(status.st_nlink)
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        kind = status.st_mode & S_IFMT
    }

    package var isFolder: Bool { kind == S_IFDIR }
    package var isRegularFile: Bool { kind == S_IFREG }
    package var isLink: Bool { kind == S_IFLNK }
    /// Whether others may put names into a folder and take away names that are not theirs.
    var isOpenToOthers: Bool { mode & 0o022 != 0 && mode & 0o1000 == 0 }
    var modeText: String { "mode 0" + String(mode, radix: 8) }

    /// What it is, with its article.
    var kindText: String {
        switch kind {
        case S_IFDIR: "a folder"
        case S_IFREG: "a file"
        case S_IFLNK: "a symbolic link"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        default: "a device"
        }
    }

    /// Whether both are one and the same file.
    package func isSame(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}
