import Cryptography
import Ledger
import Postgres

/// `entry_keys` and `keys` in a full run: the sums of the rows that are there are compared with those of the rows that
/// the lines call for. Only where sums differ is a row looked up.
extension Verifier {
    mutating func checkSums(_ stored: StoredKeyRows) async throws {
        reportStrays(stored.entryKeys, in: "entry_keys")
        reportStrays(stored.keys, in: "keys")
        try await nameMissing(
            entryKeys: Self.differences(expectations.entryKeySums, stored.entryKeys.sums),
            keys: Self.differences(expectations.keySums, stored.keys.sums))
        reportSurplus(stored.entryKeys, in: "entry_keys", expectations.entryKeySums)
        reportSurplus(stored.keys, in: "keys", expectations.keySums)
    }

    private static func differences(_ expected: [Int: RowSum], _ stored: [Int: RowSum]) -> Set<Int> {
        Set(expected.keys).union(stored.keys).filter {
            expected[$0, default: RowSum()] != stored[$0, default: RowSum()]
        }
    }

    private mutating func reportStrays(_ stored: StoredKeyRows.Table, in table: String) {
        guard stored.strayCount > 0 else { return }
        report.add(Finding(.orphan, table: table, "\(stored.strayCount) rows follow from no entry"))
    }

    /// What must exist was found; so a surplus is counted.
    private mutating func reportSurplus(_ stored: StoredKeyRows.Table, in table: String, _ expected: [Int: RowSum]) {
        let surplus = stored.count - expected.values.reduce(0) { $0 + $1.count }
        guard surplus > 0 else { return }
        report.add(Finding(.orphan, table: table, "\(surplus) rows more than the entries call for"))
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
