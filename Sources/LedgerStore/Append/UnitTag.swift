import Cryptography

/// Names something beside the entries that units ask about or change: a token, a hold, an identity. Of two units with a
/// tag in common, where one changes what it names, the later one goes to the next group, so its guards see the change.
package struct UnitTag: Hashable, Sendable {
    private let code: UInt128

    private init(_ kind: String, _ name: String) {
        code = SHA256.digest("\(kind)\0\(name)").first16
    }

    /// A bearer token, by its id.
    package static func token(_ id: String) -> UnitTag { UnitTag("token", id) }
    /// A legal hold, by its id.
    package static func hold(_ id: String) -> UnitTag { UnitTag("hold", id) }
    /// A sender identity, in the form for look-up.
    package static func identity(_ name: String) -> UnitTag { UnitTag("identity", name) }
    /// What the ledger's own row says: that it exists, its current key, what may be read, that it is halted.
    package static let ledger = UnitTag("ledger", "")
}
