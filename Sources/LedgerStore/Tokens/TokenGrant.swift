package import Ledger

/// What a token is allowed, as stored.
package struct TokenGrant: Sendable {
    /// `tok_` and 22 characters.
    package let id: String
    package let name: String
    package let scopes: [Scope]
    package let expiresAt: Timestamp?
    package let createdAt: Timestamp
    package let revokedAt: Timestamp?

    /// Whether the token may do what needs `scope`.
    package func satisfies(_ scope: Scope) -> Bool { scopes.contains(scope) || scopes.contains(.admin) }

    /// Whether sealed values are shown to it.
    package var seesPersonalData: Bool { satisfies(.export) || satisfies(.oversight) }
}
