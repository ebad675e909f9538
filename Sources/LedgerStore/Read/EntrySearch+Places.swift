import Ledger
import Postgres

/// Places of entries that keys beside the entries lead to. The keys are read first, and the entries by their places
/// then: in one statement, the planner might walk through all entries, or all subjects, of a table that nothing has
/// analysed.
extension EntrySearch {
    /// Entries about one of the recipients that are looked at for one page.
    private static let recipientSeqsMax = 2_000

    /// Where in `span` entries about the recipients stand.
    ///
    /// - Returns: the places, the span in numbers, and the part of it that was looked through.
    func recipientPlaces(
        in span: Statement
    ) async throws -> (places: [Range<Int>], span: Span, seen: Span) {
        let tags = query.recipients.map(ledger.keys.subjectTag)
        let rows = try await connection.query(
            """
            \(unescaped: growth) \(fragment: span)
            SELECT span.size, span.low, span.high, found.seq
            FROM span LEFT JOIN LATERAL (
                SELECT DISTINCT k.seq
                FROM unnest(\(tags)) AS t (tag)
                CROSS JOIN LATERAL (
                    SELECT pseudonym FROM countersign.subjects WHERE ledger_id = \(ledger.id) AND tag = t.tag LIMIT 1
                ) s
                CROSS JOIN LATERAL (
                    SELECT seq FROM countersign.entry_keys
                    WHERE ledger_id = \(ledger.id) AND name = 'subject' AND tag = s.pseudonym
                        AND seq >= span.low AND seq < span.high
                    ORDER BY seq \(unescaped: direction) LIMIT \(Self.recipientSeqsMax)
                ) k
                ORDER BY k.seq \(unescaped: direction) LIMIT \(Self.recipientSeqsMax)
            ) found ON true
            ORDER BY found.seq
            """, deadline: deadline)
        guard let first = rows.first else { throw PostgresError(.decoding, "a search gave no answer") }
        let whole = try Span(first)
        let seqs = try rows.compactMap { try $0.intIfPresent(3, in: Entry.seqs) }
        var seen = whole
        if seqs.count == Self.recipientSeqsMax, let lowest = seqs.first, let highest = seqs.last {
            seen =
                order == .ascending
                ? Span(size: whole.size, low: whole.low, high: highest + 1)
                : Span(size: whole.size, low: lowest, high: whole.high)
        }
        return (seqs.map { $0..<$0 + 1 }, whole, seen)
    }

    /// Where the entries of requests with one of the idempotency keys stand.
    func keyedPlaces() async throws -> [Range<Int>] {
        let producers =
            query.producers.isEmpty
            ? try await LedgerStore.producers(of: ledger, connection, deadline) : query.producers
        let tags = producers.map(IdempotencyKey.Scope.entries(producer:)).flatMap { scope in
            query.idempotencyKeys.map { ledger.keys.idempotencyTag(of: $0, scope: scope) }
        }
        let rows = try await connection.query(
            "SELECT first_seq, count FROM countersign.keys WHERE ledger_id = \(ledger.id) AND tag = ANY(\(tags))",
            deadline: deadline)
        return try rows.map { row in
            let first = try row.int(0, in: Entry.seqs)
            return first..<first + (try row.int(1, clampedTo: 0...Int(Int32.max)))
        }
    }
}
