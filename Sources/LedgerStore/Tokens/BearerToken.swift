package import Cryptography

/// A bearer token: `mm_live_` and 43 characters of base64url that hold the ledger's id and 24 random bytes. The id
/// makes
/// its look-up begin with the ledger, as every key does. It is shown once and stored as its SHA-256.
package struct BearerToken: Sendable {
    /// What every token begins with.
    package static let prefix = "mm_live_"
    private static let randomSize = 24

    /// The secret itself. Never log it.
    package let secret: String
    package let ledgerID: Int64

    /// A new token of the ledger, from `randomSize` fresh random bytes.
    init(ledgerID: Int64) {
        self.ledgerID = ledgerID
        let id = stride(from: 56, through: 0, by: -8).map { UInt8(ledgerID >> $0 & 255) }
        secret = Self.prefix + Base64URL.encode(id + Random.bytes(Self.randomSize))
    }

    /// The token that a caller presents; nil if it cannot be one.
    package init?(_ secret: String) {
        guard secret.utf8.count <= 64, secret.hasPrefix(Self.prefix),
            let bytes = Base64URL.decode(secret.dropFirst(Self.prefix.count)), bytes.count == 8 + Self.randomSize
        else { return nil }
        self.secret = secret
        ledgerID = bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }

    /// What is stored.
    package var hash: Digest { SHA256.digest(secret) }
}

extension BearerToken: CustomStringConvertible {
    package var description: String { "BearerToken(…)" }
}
