import Cryptography
import Ledger
import Postgres

/// A group of units put in order: which are new, which are repeats, and the rows that make the new ones durable.
///
/// Pure: it is made from the right edge of the tree and from what the database knew under the lock.
struct SequencedGroup: Sendable {
    /// What becomes of one unit if the group commits.
    enum Outcome: Sendable {
        case placed([Placed])
        case failed(StoreError)
    }

    /// By the position of the unit in the group. A replayed entry that stood before the group has its seq only; its
    /// leaf
    /// hash and time are looked up afterwards.
    private(set) var outcomes: [Outcome] = []
    /// `seq` of entries that stood before the group and are answered again.
    private(set) var replayedSeqs: Set<Int> = []
    /// The tree once the group has committed.
    private(set) var tree: TreeState

    private let firstSeq: Int
    private let recordedAt: Timestamp
    private var facts: GroupFacts
    private var rows: NewRows
    /// The leaf hashes of the new entries.
    private var leafHashes: [Digest] = []
    private let startsHour: Bool
    private(set) var effects: [Statement] = []

    /// How many entries the group adds.
    var newCount: Int { rows.entryCount }
    /// The leaf hash of the first new entry: what tells a stored group from a lost one.
    var firstLeafHash: [UInt8]? { leafHashes.first?.bytes }
    /// The place of the first new entry.
    var firstNewSeq: Int { firstSeq }

    /// Orders `units`.
    ///
    /// - Parameter random: gives fresh random bytes for new pseudonyms.
    init(
        _ units: [AppendUnit], ledgerID: Int64, tree: TreeState, facts: GroupFacts, random: (Int) -> [UInt8]
    ) throws(StoreError) {
        rows = NewRows(ledgerID: ledgerID)
        self.tree = tree
        self.facts = facts
        firstSeq = tree.size
        recordedAt = max(facts.now, tree.lastRecordedAt)
        startsHour = recordedAt.hour != tree.lastRecordedAt.hour
        for (position, unit) in units.enumerated() {
            if let refusal = facts.refused[position] {
                outcomes.append(.failed(refusal))
            } else {
                outcomes.append(place(unit, random: random))
            }
        }
    }

    private mutating func place(_ unit: AppendUnit, random: (Int) -> [UInt8]) -> Outcome {
        if let key = unit.key {
            if let used = facts.usedKeys[key.tag] { return answerAgain(used, requestTag: key.requestTag) }
            let placed = unit.items.map { append($0, random: random) }
            if let first = placed.first {
                use(key.tag, firstSeq: first.seq, count: placed.count, requestTag: key.requestTag)
            }
            effects += unit.effects(placed)
            return .placed(placed)
        }
        if let mismatch = mismatch(in: unit) { return .failed(mismatch) }
        let placed = unit.items.map { item in
            guard let tag = item.draft.idempotencyTag else { return append(item, random: random) }
            if let used = facts.usedKeys[tag] { return replay(used.firstSeq) }
            let placed = append(item, random: random)
            use(tag, firstSeq: placed.seq, count: 1, requestTag: item.requestTag)
            return placed
        }
        if placed.contains(where: { !$0.replayed }) { effects += unit.effects(placed) }
        return .placed(placed)
    }

    /// All keys of a unit are judged before any of its entries gets a place: a unit is all or nothing.
    private func mismatch(in unit: AppendUnit) -> StoreError? {
        var own: [[UInt8]: [UInt8]?] = [:]
        for (index, item) in unit.items.enumerated() {
            guard let tag = item.draft.idempotencyTag else { continue }
            if let used = facts.usedKeys[tag] {
                guard Self.isSame(used.requestTag, item.requestTag), used.count == 1 else {
                    return Self.mismatch(at: unit.items.count > 1 ? index : nil)
                }
            } else if let earlier = own[tag], !Self.isSame(earlier, item.requestTag) {
                return Self.mismatch(at: index)
            }
            if unit.items.count > 1 { own[tag] = .some(item.requestTag) }
        }
        return nil
    }

    /// Without a stored tag the same key is a plain replay.
    private static func isSame(_ stored: [UInt8]?, _ given: [UInt8]?) -> Bool {
        guard let stored, let given else { return true }
        return ConstantTime.equal(stored, given)
    }

    private static func mismatch(at index: Int?) -> StoreError {
        StoreError(
            .idempotencyMismatch, "this idempotency key was used for another request; nothing was written",
            committed: .no, index: index)
    }

    private mutating func answerAgain(_ used: GroupFacts.UsedKey, requestTag: [UInt8]) -> Outcome {
        guard Self.isSame(used.requestTag, requestTag) else { return .failed(Self.mismatch(at: nil)) }
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

    private mutating func subjects(of item: AppendUnit.Item, random: (Int) -> [UInt8]) -> [Pseudonym] {
        item.personTags.compactMap { tag in
            if let known = facts.subjects[tag] { return known }
            guard let pseudonym = Pseudonym(random(Pseudonym.size)) else { return nil }
            facts.subjects[tag] = pseudonym
            rows.add(pseudonym, tag: tag)
            return pseudonym
        }
    }

    private mutating func append(_ item: AppendUnit.Item, random: (Int) -> [UInt8]) -> Placed {
        let draft = item.draft
        let seq = tree.size
        let subjects = subjects(of: item, random: random)
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
        rows.add(draft.event, seq: seq, recordedAt: recordedAt, leafHash: leafHash, line: line)
        for key in draft.lookupKeys(subjects: subjects) { rows.add(key, seq: seq) }
        if !draft.disclosures.isEmpty { rows.addDisclosures(draft.disclosures, seq: seq) }
        return Placed(seq: seq, leafHash: leafHash, recordedAt: recordedAt, conflictsWith: earlier)
    }

    /// The rows to write, table by table.
    var batches: [ColumnBatch] { rows.batches }
}
