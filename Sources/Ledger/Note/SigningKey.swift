import Cryptography

/// A private key with its name, as files keep it: one line, in the form of Go's note package,
/// `PRIVATE+KEY+<name>+<8 hex digits of the public key's ID>+<base64(type, seed)>`.
///
/// It never leaves a file but as a ``NoteSigner``; nothing prints ``line`` except what writes that file.
package struct SigningKey: Sendable {
    private static let prefix = "PRIVATE+KEY+"

    /// What the key does.
    package let signer: NoteSigner
    private let seed: [UInt8]

    /// The key that verifies what this one signs.
    package var key: NoteKey { signer.key }

    /// The key of 32 bytes of seed; nil for any other length.
    package init?(name: KeyName, kind: NoteKey.Kind, seed: [UInt8]) {
        guard let privateKey = Ed25519PrivateKey(seed: seed) else { return nil }
        self.seed = seed
        signer = NoteSigner(name: name, kind: kind, privateKey: privateKey)
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

    /// Reads a line, without its line feed. The ID must be that of the public key.
    package init(line: some Collection<UInt8>) throws(NoteFault) {
        let line = Array(line)
        guard line.count <= NoteKey.sizeMax else { throw .tooLarge }
        guard line.starts(with: Self.prefix.utf8) else { throw .malformedKey }
        let parts = line.dropFirst(Self.prefix.utf8.count)
            .split(separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let data = Base64.decodeLine(parts[2]), let type = data.first else {
            throw .malformedKey
        }
        guard let kind = NoteKey.Kind(rawValue: type) else { throw .unknownKeyType }
        guard let key = SigningKey(name: try KeyName(parts[0]), kind: kind, seed: Array(data.dropFirst())) else {
            throw .malformedKey
        }
        guard key.key.idText.utf8.elementsEqual(parts[1]) else { throw .wrongKeyID }
        self = key
    }

    /// The key as its file holds it, without a line feed. A secret.
    package var line: String {
        "\(Self.prefix)\(key.name)+\(key.idText)+\(Base64.encode([key.kind.rawValue] + seed))"
    }
}
