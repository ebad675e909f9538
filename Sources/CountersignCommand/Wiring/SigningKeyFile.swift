import Cryptography
import Glibc
import Ledger

/// The file of a private key that signs notes: one line, as `SigningKey` writes it, for its owner alone.
enum SigningKeyFile {
    /// Reads the key at `path`.
    static func read(_ path: String) throws(Complaint) -> SigningKey {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Complaint("the key \(path) cannot be opened: \(systemMessage)") }
        defer { close(descriptor) }
        var status = stat()
        // Of what was opened, whatever the path leads to by now.
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Complaint("the key \(path) is no file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw Complaint("the key \(path) can be read by others", next: "run `chmod 600 \(path)`")
        }
        var content = [UInt8](repeating: 0, count: SigningKey.sizeMax + 2)
        let count = unsafe content.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw Complaint("the key \(path) cannot be read: \(systemMessage)") }
        var line = Array(content.prefix(count))
        if line.last == 0x0A { line.removeLast() }
        do throws(NoteFault) {
            return try SigningKey(line)
        } catch {
            throw Complaint(
                "\(path) holds no signing key: \(error.rawValue)",
                next: "it is one line that begins with PRIVATE+KEY+; restore it from your backup of that file")
        }
    }

    /// Writes the key to `path`, whole or not at all, and never in place of one that is there.
    static func create(_ key: SigningKey, at path: String) throws(Complaint) {
        let unfinished = "\(path).new-\(Hex.encode(Random.bytes(4)))"
        let descriptor = unsafe open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw notWritten(path) }
        defer {
            close(descriptor)
            unsafe unlink(unfinished)
        }
        let line = Array("\(key.line)\n".utf8)
        let count = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        // A link does not replace: a key that is there may be the only copy.
        guard count == line.count, fsync(descriptor) == 0, unsafe link(unfinished, path) == 0 else {
            throw notWritten(path)
        }
        try syncFolder(of: path)
    }

    private static func syncFolder(of path: String) throws(Complaint) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = end.map { String(path[...$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else { throw notWritten(path) }
    }

    private static func notWritten(_ path: String) -> Complaint {
        Complaint("the key \(path) cannot be written: \(systemMessage)", next: "name a file that is not there yet")
    }

    private static var systemMessage: String { unsafe String(cString: strerror(errno)) }
}
