import Ledger

/// What the database knew, under the ledger's lock, about the units of a group.
struct GroupFacts: Sendable {
    /// An idempotency key that was used before, or earlier in the same group.
    struct UsedKey: Sendable {
        let firstSeq: Int
        let count: Int
        let requestTag: [UInt8]?
    }

    /// The database's clock.
    var now: Timestamp
    var usedKeys: [[UInt8]: UsedKey] = [:]
    var subjects: [[UInt8]: Pseudonym] = [:]
    /// The first observation of each step attempt, by the tag of its identity.
    var attempts: [[UInt8]: Int] = [:]
    /// Units that a guard spoke against, by their position in the group.
    var refused: [Int: StoreError] = [:]
}
