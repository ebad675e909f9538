package import Cryptography
import FoundationEssentials
import Glibc

/// The secret that all keyed tags derive from: a file of 64 hexadecimal digits outside the database, mode 0600.
///
/// Who loses the file can still read and verify the ledger, but not append, look up people or recognise repeats.
package enum MasterSecret {
    /// Why a secret cannot be used. The text names the path and the next step, never the content.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// Reads the secret from `path`.
    package static func read(from path: String) throws -> SecretKey {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw Fault(
                description: "the master secret \(path) is missing; restore it from your backup of that file, for "
                    + "it is not in the database")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw Fault(description: "the master secret \(path) can be read by others; run `chmod 600 \(path)`")
        }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), text.utf8.count <= 256,
            let bytes = Hex.decode(text.trimmedOfWhiteSpace), let key = SecretKey(bytes)
        else {
            throw Fault(description: "the master secret \(path) is not a line of 64 hexadecimal digits")
        }
        return key
    }

    /// Makes a new secret at `path`, which must not exist.
    package static func create(at path: String) throws -> SecretKey {
        let bytes = Random.bytes(SecretKey.size)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0, let key = SecretKey(bytes) else {
            throw Fault(
                description: "the master secret \(path) cannot be created: \(unsafe String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let line = Array((Hex.encode(bytes) + "\n").utf8)
        let written = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        guard written == line.count, fsync(descriptor) == 0 else {
            throw Fault(description: "the master secret \(path) cannot be written")
        }
        return key
    }
}

extension String {
    fileprivate var trimmedOfWhiteSpace: String {
        String(self.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
