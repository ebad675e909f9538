import Ledger

/// What the database knew, under the ledger's lock, about the units of a group.
struct GroupFacts: Sendable {
    /// An idempotency key that was used before, or earlier in the same group.
    struct UsedKey: Sendable {
        let firstSeq: Int
        let count: Int
        let requestTag: [UInt8]?
        /// Whether the request had a tag that is gone: an erasure took it away, or it was lost with the database.
        var isRequestErased = false
    }

    /// The database's clock.
    var now: Timestamp
    var usedKeys = TagTable<UsedKey>()
    /// The lines of the entries of used keys whose requests were erased.
    var erasedLines: [Int: [UInt8]] = [:]
    /// The tokens of the group that are neither revoked nor expired, by their ids, and what each is bound to.
    var liveTokens: [String: TokenBindings] = [:]
    var subjects = TagTable<Pseudonym>()
    /// The first observation of each step attempt, by the tag of its identity.
    var attempts = TagTable<Int>()
    /// Units that a guard spoke against, by their position in the group.
    var refused: [Int: StoreError] = [:]
}
