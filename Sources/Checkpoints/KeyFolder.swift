import Cryptography
import Files
package import Ledger

/// The folder with the keys that sign: one file for each ledger, mode 0600, outside the database. Its first line is the
/// current key; further ones are keys that were current and still sign beside it.
package struct KeyFolder: Sendable {
    /// The longest file, in bytes.
    private static let sizeMax = 16_384

    /// Why keys cannot be had: a sentence with the path and the next step, and never a key.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    package let path: String

    package init(_ path: String) { self.path = path }

    /// The file of a ledger's keys. An origin holds no plus sign, so no two ledgers share a file.
    package func file(of origin: Origin) -> String { "\(path)/\(Self.fileName(of: origin)).key" }

    /// An origin as the name of a file, without its ending.
    package static func fileName(of origin: Origin) -> String {
        origin.text.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "+")
    }

    /// Whether there is a file with keys of the ledger.
    func hasKeys(of origin: Origin) -> Bool { kept(origin).exists }

    private func kept(_ origin: Origin) -> KeptFile { KeptFile(file(of: origin), .secret, in: .none) }

    /// The keys of a ledger, the current one first; nil where there is no file.
    package func keys(of origin: Origin) throws(Fault) -> [SigningKey]? {
        let file = file(of: origin)
        let bytes: [UInt8]?
        do throws(FileFault) {
            bytes = try kept(origin).read(sizeMax: Self.sizeMax)
        } catch {
            throw Fault(description: "the key \(error)")
        }
        guard let bytes else { return nil }
        let lines = bytes.split(separator: 0x0A)
        do throws(NoteFault) {
            let keys = try lines.map { line throws(NoteFault) in try SigningKey(Array(line)) }
            guard !keys.isEmpty, keys.allSatisfy({ $0.key.name == KeyName(origin) && $0.key.kind == .ed25519 }) else {
                throw NoteFault.malformedKey
            }
            return keys
        } catch {
            throw Fault(
                description: "the key \(file) is not one of \(origin.text) (\(error.rawValue)); restore it from your "
                    + "backup of that file")
        }
    }

    /// The ledger's current key; a new one where there is none yet.
    package func makeKey(of origin: Origin) throws(Fault) -> SigningKey {
        if let key = try keys(of: origin)?.first { return key }
        try write { () throws(FileFault) in
            _ = try Folder.make(path, sharing: .none)
            let key = SigningKey(name: KeyName(origin), kind: .ed25519, random: Random.bytes)
            _ = try kept(origin).create(with: Array("\(key.line)\n".utf8))
        }
        // Of two that make it at once, both take what was made first.
        guard let key = try keys(of: origin)?.first else {
            throw Fault(description: "the key \(file(of: origin)) is gone again")
        }
        return key
    }

    /// Puts `keys` in the place of the ledger's keys, the current one first.
    package func replaceKeys(of origin: Origin, with keys: [SigningKey]) throws(Fault) {
        try write { () throws(FileFault) in
            try kept(origin).replace(with: Array(keys.map { "\($0.line)\n" }.joined().utf8))
        }
    }

    private func write(_ body: () throws(FileFault) -> Void) throws(Fault) {
        do throws(FileFault) {
            try body()
        } catch {
            throw Fault(description: "the key \(error), or choose another folder with --key-dir")
        }
    }
}
