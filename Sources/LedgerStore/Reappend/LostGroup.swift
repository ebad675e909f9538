import Cryptography
import Ledger
import Postgres

/// Lost entries with all rows that stood beside them, as one transaction writes them. Pure: it is made from the right
/// edge of the tree and from the people that the database knows.
struct LostGroup: Sendable {
    private let ledger: StoredLedger
    private var rows: NewRows
    private var known: TagTable<Pseudonym>
    private var keyRuns = KeyRuns()
    /// The tree once the group has committed.
    private(set) var tree: TreeState
    private(set) var effects: [Statement] = []

    /// - Parameter known: the people that the database knows, by their tags.
    init(_ ledger: StoredLedger, tree: TreeState, known: TagTable<Pseudonym>) {
        self.ledger = ledger
        self.tree = tree
        self.known = known
        rows = NewRows(ledgerID: ledger.id)
    }

    /// Adds the next entry with what follows from it; `effects` are what else it calls for.
    mutating func add(_ exported: ExportedEntry, _ values: LostValues, effects: [Statement]) {
        let entry = exported.entry
        let leafHash = TreeHash.leaf(exported.line.span)
        for tile in tree.builder.append(leafHash) { rows.add(tile) }
        if entry.recordedAt.hour != tree.lastRecordedAt.hour {
            rows.addHour(entry.recordedAt.hour, firstSeq: entry.seq)
        }
        tree.lastLeafHash = leafHash
        tree.lastRecordedAt = entry.recordedAt
        rows.add(
            ProjectedKeys(entry), seq: entry.seq, recordedAt: entry.recordedAt, leafHash: leafHash,
            line: exported.line)
        for key in entry.lookupKeys { rows.add(key, seq: entry.seq) }
        if !values.staying.isEmpty { rows.addDisclosures(values.staying, seq: entry.seq) }
        for person in values.people where known[person.tag] == nil {
            known[person.tag] = person.pseudonym
            rows.add(person.pseudonym, tag: person.tag)
        }
        let tag = entry.idempotencyTag.flatMap { UInt128(bigEndian: $0.span) }
        if let run = keyRuns.add(tag, at: entry.seq, place: entry.seq) { add(run) }
        self.effects += effects
    }

    private mutating func add(_ run: KeyRuns.Run) {
        // What told the request from others is not in the line.
        rows.addErasedKey(run.tag.bigEndianBytes, firstSeq: run.firstSeq, count: run.count)
    }

    /// The rows to write, table by table; call it after the last entry.
    mutating func takeBatches() -> [ColumnBatch] {
        if let run = keyRuns.finish() { add(run) }
        return rows.batches
    }
}
