/// A symmetric key of 32 bytes. It never prints itself.
package struct SecretKey: Sendable {
    /// Length in bytes.
    package static let size = 32

    let bytes: [UInt8]

    /// The key made of exactly 32 bytes; nil for any other length.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        self.bytes = bytes
    }

    init(_ digest: Digest) {
        bytes = digest.bytes
    }

    /// A fresh random key.
    package static func random() -> SecretKey { SecretKey(unchecked: Random.bytes(size)) }

    private init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// A key derived from this one by HKDF-SHA-256 (RFC 5869) with an empty salt and `info`.
    ///
    /// 32 bytes are one block of output, so the expansion is a single HMAC.
    package func derived(info: String) -> SecretKey {
        let noSalt = SecretKey(Digest(bigEndianWords: (0, 0, 0, 0)))
        let pseudorandomKey = SecretKey(HMAC.sha256(key: noSalt, bytes))
        return SecretKey(HMAC.sha256(key: pseudorandomKey, Array(info.utf8) + [1]))
    }
}

extension SecretKey: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "SecretKey(…)" }
    package var debugDescription: String { description }
}
