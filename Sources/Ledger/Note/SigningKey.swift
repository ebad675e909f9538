import Cryptography

/// A private key as a file keeps it: one line, in the convention of Go's tools (golang.org/x/mod/sumdb/note).
///
///     PRIVATE+KEY+<name>+<8 hex digits: the ID of the public key>+<base64(type, 32 bytes of seed)>
///
/// It holds the secret: only ``line`` shows it.
package struct SigningKey: Sendable {
    /// The longest line, in bytes.
    package static let sizeMax = NoteKey.sizeMax
    private static let mark = "PRIVATE+KEY+"

    /// What signs; its key is the public half.
    package let signer: NoteSigner
    private let seed: [UInt8]

    /// The key of 32 bytes of seed, which must be unpredictable; nil for any other length.
    package init?(name: KeyName, kind: NoteKey.Kind, seed: [UInt8]) {
        guard let privateKey = Ed25519PrivateKey(seed: seed) else { return nil }
        signer = NoteSigner(name: name, kind: kind, privateKey: privateKey)
        self.seed = seed
    }

    /// A new key.
    ///
    /// - Parameter random: gives so many random bytes.
    package init(name: KeyName, kind: NoteKey.Kind, random: (Int) -> [UInt8]) {
        guard let key = SigningKey(name: name, kind: kind, seed: random(Ed25519PrivateKey.seedSize)) else {
            preconditionFailure("a seed of Ed25519 has 32 bytes")
        }
        self = key
    }

    /// The key that verifies what this one signs.
    package var key: NoteKey { signer.key }

    /// Reads the line, without its end.
    ///
    /// - Throws: `tooLarge`, `malformedKey`, `invalidKeyName`, `unknownKeyType`; `wrongKeyID` where name and seed are
    ///   not those that the ID was made of.
    package init(_ line: [UInt8]) throws(NoteFault) {
        guard line.count <= Self.sizeMax else { throw .tooLarge }
        guard line.starts(with: Self.mark.utf8) else { throw .malformedKey }
        // Base64 may hold further plus signs.
        let parts = line.dropFirst(Self.mark.utf8.count).split(
            separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformedKey }
        let name = try KeyName(parts[0])
        guard parts[1].count == 8, let id = NoteKey.number(hex: parts[1]), let data = Base64.decodeLine(parts[2]),
            let type = data.first
        else { throw .malformedKey }
        guard let kind = NoteKey.Kind(rawValue: type) else { throw .unknownKeyType }
        guard let key = SigningKey(name: name, kind: kind, seed: Array(data.dropFirst())) else {
            throw .malformedKey
        }
        guard key.signer.key.id == id else { throw .wrongKeyID }
        self = key
    }

    /// The line with the secret, without its end.
    package var line: String {
        let key = signer.key
        return "\(Self.mark)\(key.name)+\(key.idText)+\(Base64.encode([key.kind.rawValue] + seed))"
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SigningKey(\(signer.key.name), …)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
