import Cryptography

/// Stands for a person within one ledger: 128 random bits. The table that maps an address to it can be erased.
package struct Pseudonym: Hashable, Sendable {
    /// Length in bytes.
    package static let size = 16

    package let bytes: [UInt8]

    /// The pseudonym made of exactly 16 bytes; nil for any other length.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        self.bytes = bytes
    }

    /// The pseudonym as a line spells it: 22 characters of base64url; nil for anything else.
    package init?(text: String) {
        guard let bytes = Base64URL.decode(text) else { return nil }
        self.init(bytes)
    }

    /// 22 characters of base64url.
    package var text: String { Base64URL.encode(bytes) }
}
