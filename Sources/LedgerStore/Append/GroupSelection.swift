/// Chooses, in the order of arrival, which waiting units are the next group (ARCHITECTURE.md, "One append").
///
/// The guards of a group are asked before any of it is written. So a unit that reads or changes what an earlier one of
/// the group changes waits for the next group, and with it whatever shares a tag, a key or a call with it; the others
/// go on sharing the commit.
struct GroupSelection {
    /// Entries that one group takes at most; a single request may be larger up to its own limit.
    static let entriesMax = 5_000

    private var entries = 0
    private var count = 0
    private var changed: Set<UnitTag> = []
    private var hasDeferred = false
    private var deferredTags: Set<UnitTag> = []
    private var deferredKeys: Set<[UInt8]> = []
    private var deferredCalls: Set<ObjectIdentifier> = []

    enum Choice {
        case taken
        /// It waits for the next group; later ones may be taken.
        case deferred
        /// The group is full: it and all behind it wait.
        case full
    }

    /// What becomes of the next unit in the queue.
    ///
    /// - Parameter call: the call that the unit came with: the units of a call keep their order.
    mutating func choose(_ unit: AppendUnit, of call: ObjectIdentifier) -> Choice {
        if count > 0 || hasDeferred, unit.isAlone { return .full }
        guard count == 0 || entries + unit.items.count <= Self.entriesMax else { return .full }
        if mustWait(unit, call) {
            hasDeferred = true
            deferredTags.formUnion(unit.reads)
            deferredTags.formUnion(unit.changes)
            deferredKeys.formUnion(unit.keyTags)
            deferredCalls.insert(call)
            return .deferred
        }
        // Nothing joins a unit that is alone.
        entries += unit.isAlone ? Self.entriesMax + 1 : unit.items.count
        count += 1
        changed.formUnion(unit.changes)
        return .taken
    }

    private func mustWait(_ unit: AppendUnit, _ call: ObjectIdentifier) -> Bool {
        if !changed.isEmpty, !changed.isDisjoint(with: unit.reads) || !changed.isDisjoint(with: unit.changes) {
            return true
        }
        guard hasDeferred else { return false }
        return deferredCalls.contains(call) || !deferredTags.isDisjoint(with: unit.reads)
            || !deferredTags.isDisjoint(with: unit.changes) || !deferredKeys.isDisjoint(with: unit.keyTags)
    }
}
