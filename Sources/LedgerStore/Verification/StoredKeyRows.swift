import Cryptography
import Ledger
import Postgres

/// The rows of `entry_keys` and `keys` that a ledger has, as sums. They are read in the order in which they lie, over a
/// connection of its own, while the entries are read.
struct StoredKeyRows: Sendable {
    /// The rows of a table.
    struct Table: Sendable {
        /// By the section that their entries lie in.
        var sums: [Int: RowSum] = [:]
        /// Rows of the entries that are verified.
        var count = 0
        /// Rows that can follow from no entry.
        var strayCount = 0
    }

    private(set) var entryKeys = Table()
    private(set) var keys = Table()

    /// One transaction reads the rows of at most so many entries: what a partition holds.
    private static let entriesMax = 1 << 20

    /// Reads the rows of the entries below `size`.
    init(of ledger: Int64, size: Int, codes: SipHash, _ connection: Connection) async throws {
        let reading = Reading(ledger: ledger, size: size, codes: codes, connection: connection)
        let names = LookupKey.Name.allCases.map { Array($0.rawValue.utf8) }
        for part in 0...max(0, size - 1) / Self.entriesMax {
            let (start, end) = (part * Self.entriesMax, (part + 1) * Self.entriesMax)
            // The first part and the last one are open: rows before and behind all entries are strays.
            var condition: Statement = ""
            if start > 0 { condition.append(fragment: " AND seq >= \(literal: start)") }
            if end < size { condition.append(fragment: " AND seq < \(literal: end)") }
            try await reading.sum(table: "entry_keys", columns: "name, tag, seq", condition, &entryKeys) {
                reader, chunk in
                let name = try reader.field()
                _ = try reader.field()
                return (try reader.int(clampedTo: Entry.claimedSeqs), names.contains { $0.elementsEqual(chunk[name]) })
            }
        }
        try await reading.sum(table: "keys", columns: "tag, first_seq, count", "", &keys) { reader, _ in
            _ = try reader.field()
            let seq = try reader.int(clampedTo: Entry.claimedSeqs)
            _ = try reader.field()
            return (seq, true)
        }
    }

    private struct Reading {
        let ledger: Int64
        let size: Int
        let codes: SipHash
        let connection: Connection

        /// Adds up rows of a table in one transaction, which also says how many entries there are by now.
        ///
        /// - Parameter fields: reads the fields of a row and gives its entry, and whether it can follow from one at
        ///   all.
        func sum(
            table: String, columns: String, _ condition: Statement, _ stored: inout Table,
            fields: (inout CopyReader, _ chunk: [UInt8]) throws -> (seq: Int, isKnown: Bool)
        ) async throws {
            let answers = try await connection.pipeline(
                ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", Verifier.newestSize(of: ledger)],
                deadline: .now + Verifier.statementTimeout)
            let newest = try answers[1].one().int(0, clampedTo: Entry.claimedSeqs)
            try await connection.copyOut(
                """
                COPY (
                    SELECT \(unescaped: columns) FROM countersign.\(unescaped: table)
                    WHERE ledger_id = \(literal: ledger)\(fragment: condition)
                ) TO STDOUT (FORMAT binary)
                """, timeout: Verifier.statementTimeout
            ) { chunk in
                var reader = CopyReader(chunk)
                while try reader.nextRow() {
                    let start = reader.position
                    let (seq, isKnown) = try fields(&reader, chunk)
                    if !(0..<newest).contains(seq) || (!isKnown && seq < size) { stored.strayCount += 1 }
                    // What was appended since is not verified now.
                    guard (0..<size).contains(seq) else { continue }
                    stored.count += 1
                    let code = codes.code(of: chunk.span.extracting(start..<reader.position))
                    stored.sums[Section.of(seq), default: RowSum()].add(code)
                }
            }
            try await connection.query("COMMIT", deadline: .now + Verifier.statementTimeout)
        }
    }
}
