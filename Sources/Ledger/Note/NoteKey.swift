import Cryptography

/// A key that verifies signatures of notes: a name, a type, and the public key (C2SP signed-note, "vkey").
///
/// Name and ID together say which key a signature is by, and with what algorithm.
package struct NoteKey: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Ed25519 over the text.
        case ed25519 = 0x01
        /// An Ed25519 cosignature with its time (C2SP tlog-cosignature).
        case cosignature = 0x04
    }

    /// The longest verifier key, in bytes.
    package static let sizeMax = 1_024

    package let name: KeyName
    package let kind: Kind
    /// 32 bytes.
    package let publicKey: [UInt8]
    /// The first four bytes of the SHA-256 of name, line feed, type and key, as a big-endian number.
    package let id: UInt32

    /// The key of 32 raw bytes; nil for any other length.
    package init?(name: KeyName, kind: Kind, publicKey: [UInt8]) {
        guard publicKey.count == Ed25519PublicKey.size else { return nil }
        self.name = name
        self.kind = kind
        self.publicKey = publicKey
        let digest = SHA256.digest(name.bytes + [0x0A, kind.rawValue] + publicKey)
        id = digest.bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads `<name>+<8 lower-case hex digits>+<base64(type, key)>`.
    package init(vkey: [UInt8]) throws(NoteFault) {
        guard vkey.count <= Self.sizeMax else { throw .tooLarge }
        // Base64 may hold further plus signs.
        let parts = vkey.split(separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformedKey }
        let name = try KeyName(parts[0])
        guard parts[1].count == 8, let id = Self.number(hex: parts[1]), let data = Base64.decodeLine(parts[2]),
            let type = data.first
        else { throw .malformedKey }
        guard let kind = Kind(rawValue: type) else { throw .unknownKeyType }
        guard let key = NoteKey(name: name, kind: kind, publicKey: Array(data.dropFirst())) else {
            throw .malformedKey
        }
        guard key.id == id else { throw .wrongKeyID }
        self = key
    }

    /// The number that hexadecimal digits in lower case spell.
    static func number(hex digits: ArraySlice<UInt8>) -> UInt32? {
        var number: UInt32 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt32(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }

    /// The ID as eight hexadecimal digits in lower case.
    package var idText: String { Hex.encode((0..<4).map { UInt8(truncatingIfNeeded: id >> UInt32(24 - 8 * $0)) }) }

    /// The verifier key as text.
    package var vkey: String { "\(name)+\(idText)+\(Base64.encode([kind.rawValue] + publicKey))" }
}
