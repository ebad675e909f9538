import Durability
import Ledger

/// The file of a private key that signs notes: one line, as `SigningKey` writes it, for its owner alone.
enum SigningKeyFile {
    /// Reads the key at `path`.
    static func read(_ path: String) throws(Complaint) -> SigningKey {
        let bytes: [UInt8]?
        do throws(DurableFile.Fault) {
            bytes = try DurableFile.read(path, sizeMax: SigningKey.sizeMax + 1)
        } catch {
            throw Complaint("the key \(error)")
        }
        guard var line = bytes else { throw Complaint("there is no key \(path)") }
        guard !DurableFile.isOpenToOthers(path) else {
            throw Complaint("the key \(path) can be read by others", next: "run `chmod 600 \(path)`")
        }
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
        do throws(DurableFile.Fault) {
            isNew = try DurableFile.create(path, with: Array("\(key.line)\n".utf8))
        } catch {
            throw Complaint("the key \(error)", next: "name a file in a folder that you may write to")
        }
        // A key that is there may be the only copy.
        guard isNew else {
            throw Complaint("the key \(path) is there already", next: "name a file that is not there yet")
        }
    }
}
