import Cryptography
import Ledger
import Postgres

/// Erasures and legal holds: that what is missing was erased, that what was erased is missing, and that the rows beside
/// the entries are those that the lines call for.
extension Verifier {
    private static let pageMax = 10_000
    /// People who are named, where mappings are left.
    private static let leftMax = 100

    /// What was erased of the entries of `range` by now.
    func erasures(in range: Range<Int>) async throws -> ErasureCoverage {
        try await ErasureCoverage(of: range, in: ledger.id, connection, deadline)
    }

    /// Judges again what did not fit the erasures known before the range was read: one may have come in between.
    mutating func judge(_ suspects: [SealedState], of range: Range<Int>) async throws {
        guard !suspects.isEmpty else { return }
        let now = try await erasures(in: range)
        for suspect in suspects {
            if let finding = suspect.finding(now.erased(at: suspect.seq)) { report.add(finding) }
        }
    }

    mutating func checkErasures() async throws {
        for seq in expectations.unreadableErasures {
            report.add(Finding(.erasure, seq: seq, table: "entries", "what the entry erased cannot be read from it"))
        }
        let stored = try await storedErasures()
        let expected = expectations.erasures
        for seq in Set(stored.keys).union(expected.keys).sorted() where stored[seq] != expected[seq] {
            report.add(
                Finding(
                    .erasure, seq: seq, table: "erased_ranges",
                    "the ranges that stand here are not those that the entry lists"))
        }
        try await checkForgotten()
    }

    private func storedErasures() async throws -> [Int: RowSum] {
        var stored: [Int: RowSum] = [:]
        var rowBytes = RowBytes()
        // As the row has them, so that the next page begins behind it.
        var last: (first: Int64, by: Int64) = (-1, -1)
        while true {
            let rows = try await connection.query(
                """
                SELECT first_seq, last_seq, erased_by, pseudonym FROM countersign.erased_ranges
                WHERE ledger_id = \(ledger.id) AND (first_seq, erased_by) > (\(last.first), \(last.by))
                ORDER BY first_seq, erased_by LIMIT \(Self.pageMax)
                """, deadline: deadline)
            for row in rows {
                last = (try row.id(0), try row.id(2))
                let first = try row.int(0, clampedTo: Entry.claimedSeqs)
                let by = try row.int(2, clampedTo: Entry.claimedSeqs)
                // What was appended since is not verified now.
                guard by < report.size else { continue }
                let code = try rowBytes.code(
                    first...max(first, row.int(1, clampedTo: Entry.claimedSeqs)), by: by, of: row.bytesIfPresent(3),
                    expectations.codes)
                stored[by, default: RowSum()].add(code)
            }
            guard rows.count == Self.pageMax else { return stored }
        }
    }

    /// Who was erased has no mapping any more.
    private mutating func checkForgotten() async throws {
        let rows = try await connection.query(
            """
            SELECT DISTINCT s.pseudonym
            FROM countersign.subjects s
            JOIN countersign.erased_ranges r ON r.ledger_id = \(ledger.id) AND r.pseudonym = s.pseudonym
            WHERE s.ledger_id = \(ledger.id) LIMIT \(Self.leftMax)
            """, deadline: deadline)
        for row in rows {
            // As long as an erasure is under way, or was cut off, its last entry is not there and the mapping is.
            let pseudonym = try row.bytes(0)
            guard let seq = expectations.forgotten[pseudonym] else { continue }
            report.add(
                Finding(.erasure, seq: seq, table: "subjects", "a person whom the entry erased still has a mapping"))
        }
    }

    mutating func checkHolds() async throws {
        let rows = try await connection.query(
            """
            SELECT hold_id, pseudonym, message_id, first_seq, last_seq, reference, held_seq, released_seq
            FROM countersign.legal_holds WHERE ledger_id = \(ledger.id) AND held_seq < \(report.size)
            """, deadline: deadline)
        var expected = expectations.holds
        for row in rows {
            let id = try row.text(0)
            let released = try row.intIfPresent(7, clampedTo: Entry.claimedSeqs)
            let stored = Expectations.Hold(
                pseudonym: try row.bytesIfPresent(1), messageID: try row.textIfPresent(2).map { Array($0.utf8) },
                firstSeq: try row.intIfPresent(3, clampedTo: Entry.claimedSeqs),
                lastSeq: try row.intIfPresent(4, clampedTo: Entry.claimedSeqs),
                reference: Array(try row.text(5).utf8), heldSeq: try row.int(6, clampedTo: Entry.claimedSeqs),
                // Released after the size was pinned: the entry that says so was not read.
                releasedSeq: released.flatMap { $0 < report.size ? $0 : nil })
            guard let promised = expected.removeValue(forKey: id) else {
                report.add(Finding(.orphan, table: "legal_holds", "no entry placed the hold \(id)"))
                continue
            }
            guard stored != promised else { continue }
            report.add(
                Finding(
                    .hold, seq: promised.heldSeq, table: "legal_holds",
                    "the hold \(id) differs from what its entries say"))
        }
        for (id, hold) in expected.sorted(by: { $0.value.heldSeq < $1.value.heldSeq }) {
            report.add(Finding(.hold, seq: hold.heldSeq, table: "legal_holds", "the hold \(id) is missing"))
        }
    }
}

extension RowBytes {
    /// The code of a row of `erased_ranges`.
    mutating func code(
        _ range: ClosedRange<Int>, by erasing: Int, of pseudonym: [UInt8]?, _ codes: SipHash
    ) -> UInt128 {
        begin()
        append(range.lowerBound)
        append(range.upperBound)
        append(erasing)
        append(pseudonym ?? [])
        return codes.code(of: bytes.span)
    }
}
