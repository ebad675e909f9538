package import LedgerStore

/// What stands behind an entry, each level with all that is below it.
package enum Assurance: String, Sendable, CaseIterable {
    /// It is committed, and in the tree.
    case durable
    /// The ledger's key has signed a tree that holds it.
    case signed
    /// Witnesses have seen that tree, enough of them for the policy.
    case witnessed
    /// A timestamp authority has stamped its checkpoint (RFC 3161).
    case timestamped

    /// What stands behind the entries that a checkpoint covers.
    package init(of published: PublishedCheckpoint) {
        self = published.isTimestamped ? .timestamped : published.isWitnessed ? .witnessed : .signed
    }
}
