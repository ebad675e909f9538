package import Ledger

/// What a token is allowed, as stored.
package struct TokenGrant: Sendable {
    /// `tok_` and 22 characters.
    package let id: String
    package let name: String
    package let scopes: [Scope]
    package let expiresAt: Timestamp?
    /// Whose idempotency keys the token uses.
    package let producer: String
    /// Who granted it: a token's id, or the name of a part of the service.
    package let grantedBy: String
    package let bindings: TokenBindings
    /// Whether the DMARC reports that it brings count.
    package let trustsReports: Bool
    package let createdAt: Timestamp
    package let revokedAt: Timestamp?
    /// Whether the ledger is halted: what an old backup has brought back may have been erased since.
    let isLedgerHalted: Bool

    package init(
        id: String, name: String, scopes: [Scope], expiresAt: Timestamp?, producer: String? = nil,
        grantedBy: String, bindings: TokenBindings = TokenBindings(), trustsReports: Bool = false,
        createdAt: Timestamp, revokedAt: Timestamp?, isLedgerHalted: Bool = false
    ) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.expiresAt = expiresAt
        self.producer = producer ?? id
        self.grantedBy = grantedBy
        self.bindings = bindings
        self.trustsReports = trustsReports
        self.createdAt = createdAt
        self.revokedAt = revokedAt
        self.isLedgerHalted = isLedgerHalted
    }

    /// Whether `text` has the form of a token's id.
    package static func isID(_ text: String) -> Bool {
        text.utf8.count == 26 && text.hasPrefix("tok_")
            && text.utf8.dropFirst(4).allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    /// Whether the token may do what needs `scope`.
    package func satisfies(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

    /// Whether sealed values are shown to it.
    package var seesPersonalData: Bool { (satisfies(.export) || satisfies(.oversight)) && !isLedgerHalted }
}
