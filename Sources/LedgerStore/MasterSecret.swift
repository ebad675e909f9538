package import Cryptography
import Files

/// The secret that all keyed tags derive from: a file outside the database, mode 0600, with a line of 64 hexadecimal
/// digits or with 32 bytes as they are.
///
/// Who loses the file can still read and verify the ledger, but not append, look up people or recognise repeats.
package enum MasterSecret {
    /// The longest file, in bytes.
    private static let sizeMax = 256

    /// Why a secret cannot be used. The text names the path and the next step, never the content.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// Reads the secret from `path`.
    package static func read(from path: String) throws -> SecretKey {
        let content: [UInt8]?
        do throws(FileFault) {
            content = try KeptFile(path, .secret).read(sizeMax: sizeMax)
        } catch {
            throw Fault("the master secret \(error)")
        }
        guard let content else {
            throw Fault(
                "the master secret \(path) is missing; restore it from your backup of that file, for "
                    + "it is not in the database")
        }
        guard let key = key(in: content) else {
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
        let isNew: Bool
        do throws(FileFault) {
            isNew = try KeptFile(path, .secret).create(with: Array((Hex.encode(bytes) + "\n").utf8))
        } catch {
            throw Fault("the master secret \(error)")
        }
        guard isNew else { throw Fault("the master secret \(path) is there already; choose another file") }
        return key
    }
}

extension String {
    fileprivate var trimmedOfWhiteSpace: String {
        String(self.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
