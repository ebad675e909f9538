import Ledger
import Postgres

/// Whether the idempotency keys of a group are looked up before it is written.
///
/// A group of many keys is written as if all were new, for nearly always they are, and looking them up costs a tenth of
/// writing them. If one is not, the primary key of their table refuses the whole group, and it runs again with its keys
/// looked up. So that a producer who repeats much does not have much written twice, the groups after that ask as well.
struct KeyRule {
    /// So many keys are always looked up: that costs little.
    private static let askedMax = 64
    /// How many groups in a row without a repeat let the next one go unasked.
    private static let quietGroups = 64

    private var groupsThatAsk = 0

    /// Whether the keys of these units are looked up.
    func asks(_ units: [AppendUnit]) -> Bool {
        groupsThatAsk > 0 || units.reduce(0) { $0 + $1.keyCount } <= Self.askedMax
    }

    /// A key that was taken for new was not.
    mutating func hasMetRepeat() { groupsThatAsk = Self.quietGroups }

    /// A group was written.
    mutating func hasCommitted(replaying: Bool) {
        guard groupsThatAsk > 0 else { return }
        groupsThatAsk = replaying ? Self.quietGroups : groupsThatAsk - 1
    }
}

extension AppendUnit {
    /// How many idempotency keys the unit has.
    fileprivate var keyCount: Int { key == nil ? items.count { $0.draft.idempotencyTag != nil } : 1 }
}

extension PostgresError {
    /// An idempotency key stands in the ledger already.
    var isRepeatedKey: Bool { sqlState == "23505" && table == "keys" }
}
