import Glibc

/// A file that a command was given, read whole.
enum InputFile {
    /// What is read at once where the size of a file is not known, in bytes.
    private static let pieceSize = 1 << 18
    /// What is read to see that a file ends where it should.
    private static let probeSize = 4_096

    /// The bytes of the file at `path`, or of standard input for `-`.
    ///
    /// Throws a complaint that does not name the file: in the system's words; or, beyond `sizeMax` bytes, with that
    /// limit, which is one of `what` ("a mail").
    static func content(of path: String, sizeMax: Int, what: String) throws(Complaint) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemComplaint() }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw systemComplaint() }
        let isFile = status.st_mode & S_IFMT == S_IFREG
        var bytes = try piece(of: descriptor, isFile ? min(max(Int(status.st_size), 1), sizeMax + 1) : pieceSize)
        while bytes.count <= sizeMax {
            let more = try piece(of: descriptor, isFile ? probeSize : pieceSize)
            guard !more.isEmpty else { return bytes }
            bytes += more
        }
        throw Complaint("it is longer than \(sizeMax) bytes, the most that \(what) may have")
    }

    /// What can be read now, up to `size` bytes; nothing at the end.
    private static func piece(of descriptor: Int32, _ size: Int) throws(Complaint) -> [UInt8] {
        var result = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            unsafe result = read(descriptor, buffer.baseAddress, size)
            count = max(0, result)
        }
        guard result >= 0 else { throw systemComplaint() }
        return bytes
    }

    private static func systemComplaint() -> Complaint { Complaint(unsafe String(cString: strerror(errno))) }
}
