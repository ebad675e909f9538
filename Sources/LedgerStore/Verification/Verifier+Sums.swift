import Cryptography
import Ledger
import Postgres

/// `entry_keys` and `keys` in a full run: the rows that are there are summed in the order in which they lie, and
/// compared with the sum of the rows that the lines call for. Only where sums differ is a row looked up.
extension Verifier {
    /// The rows of a table.
    private struct StoredRows {
        var sums: [Int: RowSum] = [:]
        /// Rows of the entries that are verified.
        var count = 0
        /// Rows that can follow from no entry.
        var strayCount = 0
    }

    /// One transaction reads the rows of at most so many entries: what a partition holds.
    private static let entriesMax = 1 << 20

    mutating func checkSums() async throws {
        let entryKeys = try await storedEntryKeys()
        let keys = try await storedKeys()
        reportStrays(entryKeys, in: "entry_keys")
        reportStrays(keys, in: "keys")
        try await nameMissing(
            entryKeys: Self.differences(expectations.entryKeySums, entryKeys.sums),
            keys: Self.differences(expectations.keySums, keys.sums))
        reportSurplus(entryKeys, in: "entry_keys", expectations.entryKeySums)
        reportSurplus(keys, in: "keys", expectations.keySums)
    }

    private static func differences(_ expected: [Int: RowSum], _ stored: [Int: RowSum]) -> Set<Int> {
        Set(expected.keys).union(stored.keys).filter {
            expected[$0, default: RowSum()] != stored[$0, default: RowSum()]
        }
    }

    private mutating func reportStrays(_ stored: StoredRows, in table: String) {
        guard stored.strayCount > 0 else { return }
        report.add(Finding(.orphan, table: table, "\(stored.strayCount) rows follow from no entry"))
    }

    /// What must exist was found; so a surplus is counted.
    private mutating func reportSurplus(_ stored: StoredRows, in table: String, _ expected: [Int: RowSum]) {
        let surplus = stored.count - expected.values.reduce(0) { $0 + $1.count }
        guard surplus > 0 else { return }
        report.add(Finding(.orphan, table: table, "\(surplus) rows more than the entries call for"))
    }

    // MARK: What is stored

    private func storedEntryKeys() async throws -> StoredRows {
        let names = LookupKey.Name.allCases.map { Array($0.rawValue.utf8) }
        var stored = StoredRows()
        for part in 0...max(0, report.size - 1) / Self.entriesMax {
            let (start, end) = (part * Self.entriesMax, (part + 1) * Self.entriesMax)
            // The first part and the last one are open: rows before and behind all entries are strays.
            var condition: Statement = ""
            if start > 0 { condition.append(fragment: " AND seq >= \(literal: start)") }
            if end < report.size { condition.append(fragment: " AND seq < \(literal: end)") }
            try await sum(table: "entry_keys", columns: "name, tag, seq", condition, &stored) { reader, chunk in
                let name = try reader.field()
                _ = try reader.field()
                return (Int(try reader.int64()), names.contains { $0.elementsEqual(chunk[name]) })
            }
        }
        return stored
    }

    private func storedKeys() async throws -> StoredRows {
        var stored = StoredRows()
        try await sum(table: "keys", columns: "tag, first_seq, count", "", &stored) { reader, _ in
            _ = try reader.field()
            let seq = Int(try reader.int64())
            _ = try reader.field()
            return (seq, true)
        }
        return stored
    }

    /// Adds up rows of a table in one transaction, which also says how many entries there are by now.
    ///
    /// - Parameter fields: reads the fields of a row and gives its entry, and whether it can follow from one at all.
    private func sum(
        table: String, columns: String, _ condition: Statement, _ stored: inout StoredRows,
        fields: (inout CopyReader, _ chunk: [UInt8]) throws -> (seq: Int, isKnown: Bool)
    ) async throws {
        let answers = try await connection.pipeline(
            ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", newestSize], deadline: deadline)
        let newest = try answers[1].one().int(0)
        try await connection.copyOut(
            """
            COPY (
                SELECT \(unescaped: columns) FROM countersign.\(unescaped: table)
                WHERE ledger_id = \(literal: ledger.id)\(fragment: condition)
            ) TO STDOUT (FORMAT binary)
            """, timeout: Self.statementTimeout
        ) { chunk in
            var reader = CopyReader(chunk)
            while try reader.nextRow() {
                let start = reader.position
                let (seq, isKnown) = try fields(&reader, chunk)
                if !(0..<newest).contains(seq) || (!isKnown && seq < report.size) { stored.strayCount += 1 }
                // What was appended since is not verified now.
                guard (0..<report.size).contains(seq) else { continue }
                stored.count += 1
                let code = expectations.codes.code(of: chunk.span.extracting(start..<reader.position))
                stored.sums[Section.of(seq), default: RowSum()].add(code)
            }
        }
        try await connection.query("COMMIT", deadline: deadline)
    }

    // MARK: What differs

    /// Reads the entries of these sections again and looks up the rows that they call for.
    private mutating func nameMissing(entryKeys: Set<Int>, keys: Set<Int>) async throws {
        for section in entryKeys.union(keys).sorted() {
            let range = Section.range(section, upTo: report.size)
            var lists = Expectations(codes: expectations.codes, listsKeys: true)
            lists.keyRuns = KeyRuns(begunBefore: try await idempotencyTag(before: range.lowerBound))
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.listedMax) {
                let part = start..<min(start + Self.listedMax, range.upperBound)
                try await list(part, in: &lists)
                let expected = lists.takeEntryKeys()
                if entryKeys.contains(section) { try await checkEntryKeys(expected, part) }
            }
            guard keys.contains(section) else { continue }
            // The section's last request may reach beyond it.
            var next = range.upperBound
            while next < report.size, let run = lists.keyRuns.open, range.contains(run.place) {
                let part = next..<min(next + Self.listedMax, report.size)
                try await list(part, in: &lists)
                next = part.upperBound
            }
            lists.finish()
            try await checkKeys(lists.takeKeys().filter { range.contains($0.place) })
        }
    }

    private func list(_ range: Range<Int>, in lists: inout Expectations) async throws {
        var rows = rows
        rows.context.listsKeys = true
        try await rows.forEachChunk(of: range) { chunk in
            for row in chunk.rows {
                if let entry = row.entry { lists.add(entry, place: row.seq) }
            }
            lists.add(chunk, section: 0)
        }
    }
}
