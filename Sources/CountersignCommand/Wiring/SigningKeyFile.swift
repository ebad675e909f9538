import Files
import Ledger

/// The file of a private key that signs notes: one line, as `SigningKey` writes it, for its owner alone.
enum SigningKeyFile {
    /// Reads the key at `path`.
    static func read(_ path: String) throws(Complaint) -> SigningKey {
        let bytes: [UInt8]?
        do throws(FileFault) {
            bytes = try KeptFile(path, .secret).read(sizeMax: SigningKey.sizeMax + 1)
        } catch {
            throw Complaint(error, of: "the key")
        }
        guard var line = bytes else { throw Complaint("there is no key \(path)") }
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
        let isNew: Bool
        do throws(FileFault) {
            isNew = try KeptFile(path, .secret).create(with: Array("\(key.line)\n".utf8))
        } catch {
            throw Complaint(error, of: "the key")
        }
        // A key that is there may be the only copy.
        guard isNew else {
            throw Complaint("the key \(path) is there already", next: "name a file that is not there yet")
        }
    }
}
