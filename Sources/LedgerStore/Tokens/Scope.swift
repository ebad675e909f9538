/// What a token may do.
package enum Scope: String, CaseIterable, Sendable {
    /// Append entries.
    case ingest
    /// Query entries, without personal data.
    case read
    /// Export entries, with personal data.
    case export
    /// Send through the gate.
    case send
    /// Decide about held actions.
    case oversight
    /// Everything: satisfies every scope.
    case admin
}
