import Cryptography
import Ledger
import Postgres

/// The SQL of one search within one ledger.
struct EntrySearch {
    let ledger: StoredLedger
    let query: EntryQuery
    let connection: Connection
    let deadline: ContinuousClock.Instant

    /// The size of the newest head.
    func currentSize() async throws -> Int {
        try await connection.query(
            "SELECT coalesce(max(size), 0) FROM countersign.heads WHERE ledger_id = \(ledger.id)", deadline: deadline
        ).one().int(0)
    }

    /// The range of `seq` that the times of the query allow within `size`; nil if it is empty.
    ///
    /// `recorded_at` never goes back, so a time is a place; the table of hours brings the search within an hour of it.
    func bounds(size: Int) async throws -> Range<Int>? {
        var low = 0
        var high = size
        if let from = query.from {
            low = try await firstSeq(atOrAfter: from.hour) ?? size
        }
        if let to = query.to {
            let isFullHour = to.hour == to
            let next = isFullHour ? to : Timestamp(microseconds: to.hour.microseconds + Timestamp.microsecondsPerHour)
            high = min(size, try await firstSeq(atOrAfter: next) ?? size)
        }
        return low < high ? low..<high : nil
    }

    private func firstSeq(atOrAfter hour: Timestamp) async throws -> Int? {
        try await connection.query(
            """
            SELECT first_seq FROM countersign.hours
            WHERE ledger_id = \(ledger.id) AND hour >= \(PostgresTimestamp(hour)) ORDER BY hour LIMIT 1
            """, deadline: deadline
        ).first?.int(0)
    }

    /// The filters as SQL; nil if nothing can match.
    func condition() async throws -> Statement? {
        var parts: [Statement] = []
        if !query.messageIDs.isEmpty { parts.append("e.message_id = ANY(\(query.messageIDs.map(\.text)))") }
        if !query.senders.isEmpty { parts.append("e.sender = ANY(\(query.senders))") }
        if !query.senderDomains.isEmpty {
            parts.append("split_part(e.sender, '@', 2) = ANY(\(query.senderDomains))")
        }
        if !query.kinds.isEmpty { parts.append("e.kind = ANY(\(query.kinds))") }
        if !query.oversightModes.isEmpty { parts.append("e.oversight_mode = ANY(\(query.oversightModes))") }
        if !query.outcomes.isEmpty { parts.append("e.outcome = ANY(\(query.outcomes))") }
        if !query.runIDs.isEmpty { parts.append("e.run_id = ANY(\(query.runIDs))") }
        if !query.actors.isEmpty { parts.append("e.actor = ANY(\(query.actors))") }
        if let from = query.from { parts.append("e.recorded_at >= \(PostgresTimestamp(from))") }
        if let to = query.to { parts.append("e.recorded_at < \(PostgresTimestamp(to))") }
        if !query.idempotencyKeys.isEmpty {
            guard let keyed = try await keyed() else { return nil }
            parts.append(keyed)
        }
        return parts.isEmpty ? "true" : parts.joined(by: " AND ")
    }

    /// Entries about one of the recipients that are looked at for one page.
    private static let recipientSeqsMax = 2_000

    /// Where in `window` entries about the recipients stand; nil if the query names none.
    ///
    /// The keys are read first and the entries by their places then: as one statement, the planner may walk through all
    /// entries of the window, or all subjects, as long as nothing has analysed a young partition.
    ///
    /// - Returns: the places in ascending order, and the part of the window that was looked through.
    func recipientSeqs(
        in window: Range<Int>, order: EntryQuery.Order
    ) async throws -> (seqs: [Int], window: Range<Int>)? {
        guard !query.recipients.isEmpty else { return nil }
        let tags = query.recipients.map(ledger.keys.subjectTag)
        let direction = order == .ascending ? "ASC" : "DESC"
        let rows = try await connection.query(
            """
            SELECT DISTINCT k.seq
            FROM unnest(\(tags)) AS t (tag)
            CROSS JOIN LATERAL (
                SELECT pseudonym FROM countersign.subjects WHERE ledger_id = \(ledger.id) AND tag = t.tag
            ) s
            CROSS JOIN LATERAL (
                SELECT seq FROM countersign.entry_keys
                WHERE ledger_id = \(ledger.id) AND name = 'subject' AND tag = s.pseudonym
                    AND seq >= \(window.lowerBound) AND seq < \(window.upperBound)
                ORDER BY seq \(unescaped: direction) LIMIT \(Self.recipientSeqsMax)
            ) k
            ORDER BY k.seq \(unescaped: direction) LIMIT \(Self.recipientSeqsMax)
            """, deadline: deadline)
        let seqs = try rows.map { try $0.int(0) }
        guard seqs.count == Self.recipientSeqsMax, let last = seqs.last else { return (seqs.sorted(), window) }
        let seen = order == .ascending ? window.lowerBound..<last + 1 : last..<window.upperBound
        return (seqs.sorted(), seen)
    }

    private func keyed() async throws -> Statement? {
        let tags = query.idempotencyKeys.map { ledger.keys.idempotencyTag(of: $0, scope: .entries) }
        let rows = try await connection.query(
            "SELECT first_seq, count FROM countersign.keys WHERE ledger_id = \(ledger.id) AND tag = ANY(\(tags))",
            deadline: deadline)
        guard !rows.isEmpty else { return nil }
        let ranges = try rows.map { row -> Statement in
            let first = try row.int(0)
            return "(e.seq >= \(first) AND e.seq < \(first + Int(try row.int32(1))))"
        }
        return "(\(fragment: ranges.joined(by: " OR ")))"
    }

    /// The matching entries of `window`, at most `limit`.
    func entries(
        in window: Range<Int>, _ condition: Statement, order: EntryQuery.Order, limit: Int, disclosures: Bool
    ) async throws -> [StoredEntry] {
        let direction = order == .ascending ? "ASC" : "DESC"
        let sealed: Statement = disclosures ? "d.disclosures" : "NULL::text"
        let join: Statement =
            disclosures
            ? "LEFT JOIN countersign.disclosures d ON d.ledger_id = e.ledger_id AND d.seq = e.seq" : ""
        let rows = try await connection.query(
            """
            SELECT e.seq, e.leaf_hash, e.line, \(fragment: sealed)
            FROM countersign.entries e \(fragment: join)
            WHERE e.ledger_id = \(ledger.id) AND e.seq >= \(window.lowerBound) AND e.seq < \(window.upperBound)
                AND \(fragment: condition)
            ORDER BY e.seq \(unescaped: direction) LIMIT \(limit)
            """, deadline: deadline)
        return try rows.map { row in try StoredEntry(row) }
    }
}
