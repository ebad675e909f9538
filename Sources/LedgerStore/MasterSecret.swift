package import Cryptography
import FoundationEssentials
import Glibc

/// The secret that all keyed tags derive from: a file outside the database, mode 0600, with a line of 64 hexadecimal
/// digits or with 32 bytes as they are.
///
/// Who loses the file can still read and verify the ledger, but not append, look up people or recognise repeats.
package enum MasterSecret {
    /// Why a secret cannot be used. The text names the path and the next step, never the content.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// Reads the secret from `path`.
    package static func read(from path: String) throws -> SecretKey {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw Fault(
                "the master secret \(path) is missing; restore it from your backup of that file, for "
                    + "it is not in the database")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw Fault("the master secret \(path) can be read by others; run `chmod 600 \(path)`")
        }
        guard unsafe access(path, R_OK) == 0 else {
            throw Fault("the master secret \(path) cannot be read: \(systemMessage); run as the user who owns it")
        }
        guard let content = try? Data(contentsOf: URL(filePath: path)), content.count <= 256,
            let key = key(in: Array(content))
        else {
            throw Fault(
                "the master secret \(path) is neither a line of 64 hexadecimal digits nor 32 bytes; restore it from "
                    + "your backup of that file")
        }
        return key
    }

    private static func key(in content: [UInt8]) -> SecretKey? {
        if content.count == SecretKey.size { return SecretKey(content) }
        return Hex.decode(String(decoding: content, as: UTF8.self).trimmedOfWhiteSpace).flatMap { SecretKey($0) }
    }

    /// Makes a new secret at `path`, whole or not at all, and never in place of one that is there.
    package static func create(at path: String) throws -> SecretKey {
        let bytes = Random.bytes(SecretKey.size)
        guard let key = SecretKey(bytes) else { throw Fault("the master secret cannot be made") }
        let unfinished = "\(path).new-\(Hex.encode(Random.bytes(4)))"
        let descriptor = unsafe open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Fault("the master secret \(path) cannot be created: \(systemMessage); choose another file")
        }
        defer {
            close(descriptor)
            unsafe unlink(unfinished)
        }
        let line = Array((Hex.encode(bytes) + "\n").utf8)
        let written = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        // A link does not replace: of two that start at once, one makes the file and the other reads it.
        guard written == line.count, fsync(descriptor) == 0, unsafe link(unfinished, path) == 0 else {
            throw Fault("the master secret \(path) cannot be written: \(systemMessage); choose another file")
        }
        try syncFolder(of: path)
        return key
    }

    private static func syncFolder(of path: String) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        let descriptor = unsafe open(folder.isEmpty ? (isAbsolute ? "/" : ".") : folder, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw Fault("the folder of the master secret \(path) cannot be synced: \(systemMessage)")
        }
    }

    private static var systemMessage: String { unsafe String(cString: strerror(errno)) }
}

extension String {
    fileprivate var trimmedOfWhiteSpace: String {
        String(self.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
