import Cryptography
import Ledger
import Postgres

/// A row of `entries` with all its columns and its sealed values, as places in the chunk that it came in.
struct StoredRow {
    let seq: Int
    let recordedAt: Timestamp
    let occurredAt: Timestamp?
    let leafHash: Digest?
    let kind: Range<Int>
    let outcome: Range<Int>
    let oversightMode: Range<Int>?
    let messageID: Range<Int>?
    let sender: Range<Int>?
    let actor: Range<Int>?
    let runID: Range<Int>?
    let line: Range<Int>
    let disclosures: Range<Int>?

    /// The rows of `range` in order. The settings keep both tables on their primary keys: then the join is a merge
    /// without a sort, whatever the tables' statistics say.
    static func copyStatement(ledger: Int64, _ range: Range<Int>) -> Statement {
        """
        COPY (
            SELECT e.seq, e.recorded_at, e.occurred_at, e.leaf_hash, e.kind, e.outcome, e.oversight_mode, e.message_id,
                e.sender, e.actor, e.run_id, e.line, d.disclosures
            FROM countersign.entries e
            LEFT JOIN (
                SELECT seq, disclosures FROM countersign.disclosures
                WHERE ledger_id = \(literal: ledger) AND seq >= \(literal: range.lowerBound)
                    AND seq < \(literal: range.upperBound)
                ORDER BY seq
            ) d ON d.seq = e.seq
            WHERE e.ledger_id = \(literal: ledger) AND e.seq >= \(literal: range.lowerBound)
                AND e.seq < \(literal: range.upperBound)
            ORDER BY e.seq
        ) TO STDOUT (FORMAT binary)
        """
    }

    static let copySettings: [Statement] = ["sort", "hashjoin", "nestloop", "seqscan", "bitmapscan"].map {
        "SET LOCAL enable_\(unescaped: $0) = off"
    }

    /// Reads the present row of `reader`, which reads `chunk`.
    init(_ reader: inout CopyReader, _ chunk: [UInt8]) throws(PostgresError) {
        seq = try reader.int(clampedTo: Entry.claimedSeqs)
        recordedAt = Timestamp(try reader.timestamp())
        occurredAt = try reader.timestampIfPresent().map(Timestamp.init)
        leafHash = Digest(chunk.span.extracting(try reader.field()))
        kind = try reader.field()
        outcome = try reader.field()
        oversightMode = try reader.nextField()
        messageID = try reader.nextField()
        sender = try reader.nextField()
        actor = try reader.nextField()
        runID = try reader.nextField()
        line = try reader.field()
        disclosures = try reader.nextField()
    }

    /// What differs between the columns and the line that they project.
    func differences(from entry: EntryOutline, _ chunk: [UInt8]) -> [Finding] {
        let texts = ColumnTexts(chunk: chunk, line: line)
        var findings: [Finding] = []
        func compare(_ name: String, _ isEqual: Bool) {
            guard !isEqual else { return }
            findings.append(
                Finding(
                    .column(name), seq: seq, table: "entries", "the column \(name) differs from the line"))
        }
        compare("recorded_at", recordedAt == entry.recordedAt)
        compare("occurred_at", occurredAt == entry.occurredAt)
        compare("kind", texts.isSame(kind, entry.kind))
        compare("outcome", texts.isSame(outcome, entry.outcome))
        compare("oversight_mode", texts.isSame(oversightMode, entry.oversightMode))
        compare("message_id", texts.isSame(messageID, entry.messageID))
        compare("sender", texts.isLookUpForm(sender, of: entry.sender))
        compare("actor", texts.isSame(actor, entry.actor))
        compare("run_id", texts.isSame(runID, entry.runID))
        return findings
    }
}
