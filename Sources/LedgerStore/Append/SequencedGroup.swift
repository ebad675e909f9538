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

    private let ledgerID: Int64
    private let firstSeq: Int
    private let recordedAt: Timestamp
    private var facts: GroupFacts
    private var newSubjects: [(tag: [UInt8], pseudonym: Pseudonym)] = []
    private var rows = NewRows()
    private var tiles: [CompletedTile] = []
    private let startsHour: Bool
    private(set) var effects: [Statement] = []

    /// New rows by column.
    private struct NewRows: Sendable {
        var seq: [Int64] = []
        var leafHash: [[UInt8]?] = []
        var kind: [String?] = []
        var outcome: [String?] = []
        var mode: [String?] = []
        var messageID: [String?] = []
        var sender: [String?] = []
        var actor: [String?] = []
        var runID: [String?] = []
        var occurredAt: [PostgresTimestamp?] = []
        var line: [String?] = []
        var keyTag: [[UInt8]?] = []
        var keySeq: [Int64] = []
        var keyCount: [Int32] = []
        var keyRequest: [[UInt8]?] = []
        var lookupName: [String?] = []
        var lookupTag: [[UInt8]?] = []
        var lookupSeq: [Int64] = []
        var disclosureSeq: [Int64] = []
        var disclosures: [String?] = []
    }

    /// How many entries the group adds.
    var newCount: Int { rows.seq.count }
    /// The leaf hash of the first new entry: what tells a stored group from a lost one.
    var firstLeafHash: [UInt8]? { rows.leafHash.first ?? nil }
    /// The place of the first new entry.
    var firstNewSeq: Int { firstSeq }

    /// Orders `units`.
    ///
    /// - Parameter random: gives fresh random bytes for new pseudonyms.
    init(
        _ units: [AppendUnit], ledgerID: Int64, tree: TreeState, facts: GroupFacts, random: (Int) -> [UInt8]
    ) throws(StoreError) {
        self.ledgerID = ledgerID
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
            own[tag] = .some(item.requestTag)
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
        let bytes = rows.leafHash[seq - firstSeq] ?? []
        return Placed(
            seq: seq, leafHash: Digest(bytes) ?? tree.lastLeafHash, recordedAt: recordedAt, replayed: true)
    }

    private mutating func use(_ tag: [UInt8], firstSeq: Int, count: Int, requestTag: [UInt8]?) {
        facts.usedKeys[tag] = GroupFacts.UsedKey(firstSeq: firstSeq, count: count, requestTag: requestTag)
        rows.keyTag.append(tag)
        rows.keySeq.append(Int64(firstSeq))
        rows.keyCount.append(Int32(count))
        rows.keyRequest.append(requestTag)
    }

    private mutating func subjects(of item: AppendUnit.Item, random: (Int) -> [UInt8]) -> [Pseudonym] {
        item.personTags.compactMap { tag in
            if let known = facts.subjects[tag] { return known }
            guard let pseudonym = Pseudonym(random(Pseudonym.size)) else { return nil }
            facts.subjects[tag] = pseudonym
            newSubjects.append((tag, pseudonym))
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
        tiles += tree.builder.append(leafHash)
        tree.lastLeafHash = leafHash
        tree.lastRecordedAt = recordedAt
        record(draft, seq: seq, leafHash: leafHash, line: line)
        for key in draft.lookupKeys(subjects: subjects) {
            rows.lookupName.append(key.name.rawValue)
            rows.lookupTag.append(key.tag)
            rows.lookupSeq.append(Int64(seq))
        }
        if !draft.disclosures.isEmpty {
            rows.disclosureSeq.append(Int64(seq))
            rows.disclosures.append(draft.disclosures.map(\.text).joined(separator: "~"))
        }
        return Placed(seq: seq, leafHash: leafHash, recordedAt: recordedAt, conflictsWith: earlier)
    }

    private mutating func record(_ draft: Draft, seq: Int, leafHash: Digest, line: [UInt8]) {
        let event = draft.event
        rows.seq.append(Int64(seq))
        rows.leafHash.append(leafHash.bytes)
        rows.kind.append(event.kind.rawValue)
        rows.outcome.append(event.outcome)
        rows.mode.append(event.oversightMode?.rawValue)
        rows.messageID.append(event.messageID?.text)
        rows.sender.append(event.sender?.lookupForm)
        rows.actor.append(event.actor?.id)
        rows.runID.append(event.workflow?.runID)
        rows.occurredAt.append(event.occurredAt.map(PostgresTimestamp.init))
        rows.line.append(String(decoding: line, as: UTF8.self))
    }

    /// The rows to write, table by table, and nothing for a table without new rows.
    var batches: [ColumnBatch] {
        let ledger = { (count: Int) in ColumnBatch.Values.int64([Int64](repeating: ledgerID, count: count)) }
        let moment = [PostgresTimestamp?](repeating: PostgresTimestamp(recordedAt), count: newCount)
        let entries = ColumnBatch(
            table: "entries",
            columns: [
                ("ledger_id", ledger(newCount)), ("seq", .int64(rows.seq)), ("recorded_at", .timestamp(moment)),
                ("occurred_at", .timestamp(rows.occurredAt)), ("leaf_hash", .bytes(rows.leafHash)),
                ("kind", .text(rows.kind)), ("outcome", .text(rows.outcome)), ("oversight_mode", .text(rows.mode)),
                ("message_id", .text(rows.messageID)), ("sender", .text(rows.sender)), ("actor", .text(rows.actor)),
                ("run_id", .text(rows.runID)), ("line", .text(rows.line)),
            ])
        let keys = ColumnBatch(
            table: "keys",
            columns: [
                ("ledger_id", ledger(rows.keyTag.count)), ("tag", .bytes(rows.keyTag)),
                ("first_seq", .int64(rows.keySeq)), ("count", .int32(rows.keyCount)),
                ("request_tag", .bytes(rows.keyRequest)),
            ])
        let entryKeys = ColumnBatch(
            table: "entry_keys",
            columns: [
                ("ledger_id", ledger(rows.lookupTag.count)), ("name", .text(rows.lookupName)),
                ("tag", .bytes(rows.lookupTag)), ("seq", .int64(rows.lookupSeq)),
            ])
        let disclosures = ColumnBatch(
            table: "disclosures",
            columns: [
                ("ledger_id", ledger(rows.disclosureSeq.count)), ("seq", .int64(rows.disclosureSeq)),
                ("disclosures", .text(rows.disclosures)),
            ])
        return [entries, keys, entryKeys, disclosures, subjectBatch, tileBatch, hourBatch].filter { $0.rowCount > 0 }
    }

    private var subjectBatch: ColumnBatch {
        ColumnBatch(
            table: "subjects",
            columns: [
                ("ledger_id", .int64([Int64](repeating: ledgerID, count: newSubjects.count))),
                ("tag", .bytes(newSubjects.map(\.tag))),
                ("pseudonym", .bytes(newSubjects.map(\.pseudonym.bytes))),
            ])
    }

    private var tileBatch: ColumnBatch {
        ColumnBatch(
            table: "tiles",
            columns: [
                ("ledger_id", .int64([Int64](repeating: ledgerID, count: tiles.count))),
                ("level", .int16(tiles.map { Int16($0.level) })),
                ("tile_index", .int64(tiles.map { Int64($0.index) })),
                ("root", .bytes(tiles.map(\.root.bytes))),
                ("hashes", .bytes(tiles.map(\.bytes))),
            ])
    }

    private var hourBatch: ColumnBatch {
        let isNew = newCount > 0 && (startsHour || firstSeq == 0)
        return ColumnBatch(
            table: "hours",
            columns: [
                ("ledger_id", .int64(isNew ? [ledgerID] : [])),
                ("hour", .timestamp(isNew ? [PostgresTimestamp(recordedAt.hour)] : [])),
                ("first_seq", .int64(isNew ? [Int64(firstSeq)] : [])),
            ])
    }
}

extension PostgresTimestamp {
    /// The same moment.
    init(_ timestamp: Timestamp) {
        self.init(microseconds: timestamp.microseconds)
    }
}

extension Timestamp {
    /// The same moment; Postgres knows years, and infinities, that a line cannot say, and they become the nearest ones.
    init(_ timestamp: PostgresTimestamp) {
        self = Timestamp(microseconds: timestamp.microseconds).clamped
    }
}
