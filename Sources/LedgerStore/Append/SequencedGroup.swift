import Cryptography
import Ledger
import Postgres

/// A group of units put in order: which are new, which are repeats, and the rows that make the new ones durable.
///
/// Pure: it is made from the right edge of the tree and from what the database knew under the lock. Its entries get
/// their places bit by bit, so that the first are written while the next are laid out.
struct SequencedGroup: Sendable {
    /// What becomes of one unit if the group commits.
    enum Outcome: Sendable {
        case placed([Placed])
        case failed(StoreError)
    }

    /// By the position of the unit in the group. A replayed entry that stood before the group has its seq only; its
    /// leaf hash and time are looked up afterwards.
    private(set) var outcomes: [Outcome] = []
    /// `seq` of entries that stood before the group and are answered again.
    private(set) var replayedSeqs: Set<Int> = []
    /// The tree once the group has committed.
    private(set) var tree: TreeState

    private let units: [AppendUnit]
    private let firstSeq: Int
    private let recordedAt: Timestamp
    private let startsHour: Bool
    private var facts: GroupFacts
    private var rows: NewRows
    private var random: RandomBytes
    /// The leaf hashes of the new entries.
    private var leafHashes: [Digest] = []
    /// The places of the unit that is being placed.
    private var placed: [Placed] = []
    private(set) var effects: [Statement] = []

    /// How many entries the group adds, as far as it is placed.
    var newCount: Int { leafHashes.count }
    /// The leaf hash of the first new entry: what tells a stored group from a lost one.
    var firstLeafHash: [UInt8]? { leafHashes.first?.bytes }
    /// The place of the first new entry.
    var firstNewSeq: Int { firstSeq }

    /// A group in which nothing has its place yet.
    init(_ units: [AppendUnit], ledgerID: Int64, tree: TreeState, facts: GroupFacts) {
        self.units = units
        self.tree = tree
        self.facts = facts
        rows = NewRows(ledgerID: ledgerID)
        random = RandomBytes(expecting: Pseudonym.size * units.count)
        firstSeq = tree.size
        recordedAt = max(facts.now, tree.lastRecordedAt)
        startsHour = recordedAt.hour != tree.lastRecordedAt.hour
    }

    /// Gives the next entries their places, about `count` of them.
    ///
    /// - Returns: whether there are more.
    mutating func place(_ count: Int) -> Bool {
        var left = count
        while left > 0, outcomes.count < units.count { left -= placeWithinUnit(left) }
        return outcomes.count < units.count
    }

    /// Goes on with the next unit whose outcome is open.
    ///
    /// - Returns: how many entries were placed, or 1 for a unit that is settled without.
    private mutating func placeWithinUnit(_ most: Int) -> Int {
        let unit = units[outcomes.count]
        if placed.isEmpty, let outcome = outcomeWithoutEntries(of: unit) {
            outcomes.append(outcome)
            return 1
        }
        let items = unit.items[placed.count...].prefix(most)
        for item in items { placed.append(unit.key == nil ? placeOnce(item) : append(item)) }
        if placed.count == unit.items.count { finish(unit) }
        return items.count
    }

    /// The outcome of a unit that is refused, or was appended before.
    private mutating func outcomeWithoutEntries(of unit: AppendUnit) -> Outcome? {
        if let refusal = facts.refused[outcomes.count] ?? tokenRefusal(of: unit) { return .failed(refusal) }
        if let key = unit.key {
            if let used = facts.usedKeys[key.tag] { return answerAgain(used, unit, requestTag: key.requestTag) }
        } else if let mismatch = mismatch(in: unit) {
            return .failed(mismatch)
        }
        return unit.items.isEmpty ? .placed([]) : nil
    }

    /// Places an entry, unless one with its key has a place already.
    private mutating func placeOnce(_ item: AppendUnit.Item) -> Placed {
        guard let tag = item.draft.idempotencyTag else { return append(item) }
        if let used = facts.usedKeys[tag] { return replay(used.firstSeq) }
        let placed = append(item)
        use(tag, firstSeq: placed.seq, count: 1, requestTag: item.requestTag)
        return placed
    }

    private mutating func finish(_ unit: AppendUnit) {
        if let key = unit.key, let first = placed.first {
            use(key.tag, firstSeq: first.seq, count: placed.count, requestTag: key.requestTag)
        }
        if placed.contains(where: { !$0.replayed }) { effects += unit.effects(placed) }
        outcomes.append(.placed(placed))
        placed = []
    }

    /// Rights are judged here, under the lock: a token that was revoked or has expired appends nothing, whichever
    /// instance took the request, and a bound one only what it is bound to.
    private func tokenRefusal(of unit: AppendUnit) -> StoreError? {
        for token in unit.tokens {
            guard let bindings = facts.liveTokens[token] else {
                return StoreError(
                    .tokenRefused, "the token was revoked or has expired; nothing was written", committed: .no)
            }
            guard !bindings.isEmpty else { continue }
            for (index, item) in unit.items.enumerated() where item.draft.reporter.id == token {
                guard let member = bindings.refusedMember(of: item.draft.event) else { continue }
                var refusal = StoreError(
                    .tokenBound,
                    "the token is bound, and this entry's '\(member)' is not what it is bound to; nothing was written",
                    committed: .no, index: unit.items.count > 1 ? index : nil)
                refusal.member = member
                return refusal
            }
        }
        return nil
    }

    /// All keys of a unit are judged before any of its entries gets a place: a unit is all or nothing.
    private func mismatch(in unit: AppendUnit) -> StoreError? {
        var own = TagTable<[UInt8]?>()
        for (index, item) in unit.items.enumerated() {
            guard let tag = item.draft.idempotencyTag else { continue }
            let place = unit.items.count > 1 ? index : nil
            if let used = facts.usedKeys[tag] {
                guard used.count == 1 else { return Self.mismatch(at: place, used) }
                if let fault = fault(of: [item], used, requestTag: item.requestTag, at: place) { return fault }
            } else if let earlier = own[tag], !Self.isSame(earlier, item.requestTag) {
                return Self.mismatch(at: index, nil)
            }
            if unit.items.count > 1 { own[tag] = .some(item.requestTag) }
        }
        return nil
    }

    /// Why a request is no repeat of the one that its key was used for; nil if it is one.
    private func fault(
        of items: [AppendUnit.Item], _ used: GroupFacts.UsedKey, requestTag: [UInt8]?, at index: Int?
    ) -> StoreError? {
        guard requestTag != nil, used.isRequestErased else {
            return Self.isSame(used.requestTag, requestTag) ? nil : Self.mismatch(at: index, used)
        }
        guard items.count == used.count,
            zip(items, used.firstSeq...).allSatisfy({ item, seq in
                facts.erasedLines[seq].map { item.draft.saysTheSameInClear(as: $0) } ?? false
            })
        else { return Self.mismatch(at: index, used) }
        var erased = StoreError(
            .idempotencyErased,
            "this idempotency key was used before, and of that request only what stands in clear is left, which is "
                + "the same; nothing was written",
            committed: .no, index: index)
        erased.seq = used.firstSeq
        return erased
    }

    /// Without a stored tag the same key is a plain replay.
    private static func isSame(_ stored: [UInt8]?, _ given: [UInt8]?) -> Bool {
        guard let stored, let given else { return true }
        return ConstantTime.equal(stored, given)
    }

    private static func mismatch(at index: Int?, _ used: GroupFacts.UsedKey?) -> StoreError {
        var mismatch = StoreError(
            .idempotencyMismatch, "this idempotency key was used for another request; nothing was written",
            committed: .no, index: index)
        mismatch.seq = used?.firstSeq
        return mismatch
    }

    private mutating func answerAgain(
        _ used: GroupFacts.UsedKey, _ unit: AppendUnit, requestTag: [UInt8]
    ) -> Outcome {
        if let fault = fault(of: unit.items, used, requestTag: requestTag, at: nil) { return .failed(fault) }
        return .placed((used.firstSeq..<used.firstSeq + used.count).map { replay($0) })
    }

    private mutating func replay(_ seq: Int) -> Placed {
        guard seq >= firstSeq else {
            replayedSeqs.insert(seq)
            return Placed(seq: seq, leafHash: tree.lastLeafHash, recordedAt: recordedAt, replayed: true)
        }
        return Placed(seq: seq, leafHash: leafHashes[seq - firstSeq], recordedAt: recordedAt, replayed: true)
    }

    private mutating func use(_ tag: [UInt8], firstSeq: Int, count: Int, requestTag: [UInt8]?) {
        facts.usedKeys[tag] = GroupFacts.UsedKey(firstSeq: firstSeq, count: count, requestTag: requestTag)
        rows.addKey(tag, firstSeq: firstSeq, count: count, requestTag: requestTag)
    }

    private mutating func subjects(of item: AppendUnit.Item) -> [Pseudonym] {
        item.personTags.compactMap { tag in
            if let known = facts.subjects[tag] { return known }
            guard let pseudonym = Pseudonym(random.take(Pseudonym.size)) else { return nil }
            facts.subjects[tag] = pseudonym
            rows.add(pseudonym, tag: tag)
            return pseudonym
        }
    }

    private mutating func append(_ item: AppendUnit.Item) -> Placed {
        let draft = item.draft
        let seq = tree.size
        let subjects = subjects(of: item)
        let earlier = draft.attempt.flatMap { facts.attempts[$0.tag] }
        if let attempt = draft.attempt, earlier == nil { facts.attempts[attempt.tag] = seq }
        let line = draft.line(
            seq: seq, previous: tree.lastLeafHash, recordedAt: recordedAt, subjects: subjects, conflictsWith: earlier)
        let leafHash = TreeHash.leaf(line)
        for tile in tree.builder.append(leafHash) { rows.add(tile) }
        tree.lastLeafHash = leafHash
        tree.lastRecordedAt = recordedAt
        if leafHashes.isEmpty, startsHour || firstSeq == 0 { rows.addHour(recordedAt.hour, firstSeq: firstSeq) }
        leafHashes.append(leafHash)
        rows.add(
            ProjectedKeys(draft.event), seq: seq, recordedAt: recordedAt, leafHash: leafHash, line: line)
        for key in draft.lookupKeys(subjects: subjects) { rows.add(key, seq: seq) }
        if !draft.disclosures.isEmpty { rows.addDisclosures(draft.disclosures, seq: seq) }
        return Placed(seq: seq, leafHash: leafHash, recordedAt: recordedAt, conflictsWith: earlier)
    }

    /// The new entries that were placed since they were last taken.
    mutating func takeEntries() -> ColumnBatch { rows.takeEntries() }

    /// The rows to write, table by table, without entries that were taken.
    var batches: [ColumnBatch] { rows.batches }
}
