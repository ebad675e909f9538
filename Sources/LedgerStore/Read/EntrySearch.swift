import Ledger
import Postgres

/// The SQL of one search within one ledger.
///
/// Its statements are planned once and run many times, so their shape leaves the planner no choice: each look-up by a
/// key is a lateral join with a limit, and what is not that key cannot be taken for one.
struct EntrySearch {
    let ledger: StoredLedger
    let query: EntryQuery
    let order: EntryQuery.Order
    let connection: Connection
    let deadline: ContinuousClock.Instant
    /// The size that the ledger had when it was last looked at.
    let sizeBefore: Int

    /// How far an unselective search reads for one page.
    static let windowMax = 50_000

    init(
        _ ledger: StoredLedger, _ query: EntryQuery = EntryQuery(), order: EntryQuery.Order = .ascending,
        sizeBefore: Int = 0, connection: Connection, deadline: ContinuousClock.Instant
    ) {
        self.ledger = ledger
        self.query = query
        self.order = order
        self.sizeBefore = sizeBefore
        self.connection = connection
        self.deadline = deadline
    }

    /// The direction of the answer as SQL.
    var direction: String { order == .ascending ? "ASC" : "DESC" }

    /// A comment that changes whenever the newest partition has doubled: the statement is another one then, and is
    /// planned anew. A plan that was made for an empty table would stay until somebody analyses it.
    var growth: String {
        let inPartition = sizeBefore % KnownPartitions.width
        return "/* \(sizeBefore / KnownPartitions.width).\(Int.bitWidth - inPartition.leadingZeroBitCount) */"
    }

    /// The matching entries of `span`, at most `limit`, and the span in numbers.
    ///
    /// - Parameter places: where they lie, if that is known.
    func entries(
        in span: Statement, at places: [Range<Int>]? = nil, limit: Int, disclosures: Bool
    ) async throws -> (span: Span, entries: [StoredEntry]) {
        let sealed: Statement =
            disclosures
            ? """
            (SELECT d.disclosures FROM countersign.disclosures d WHERE d.ledger_id = \(ledger.id) AND d.seq = e.seq),
            (SELECT max(r.erased_by) FROM countersign.erased_ranges r
            WHERE r.ledger_id = \(ledger.id) AND r.first_seq >= e.seq >> 10 << 10 AND r.first_seq <= e.seq
                AND r.last_seq >= e.seq)
            """
            : "NULL::text, NULL::bigint"
        let rows = try await connection.query(
            """
            \(unescaped: growth) \(fragment: span)
            SELECT span.size, span.low, span.high, e.seq, e.leaf_hash, e.line, \(fragment: sealed),
                e.kind IN ('decision', 'verification')
                    AND countersign.via(e.line) NOT IN ('gate', 'service', 'operator')
            FROM span LEFT JOIN LATERAL (\(fragment: matches(at: places, limit: limit))) e ON true
            ORDER BY e.seq \(unescaped: direction)
            """, deadline: deadline)
        guard let first = rows.first else { throw PostgresError(.decoding, "a search gave no answer") }
        let entries = try first.isNull(3) ? [] : rows.map { row in try StoredEntry(row, from: 3) }
        return (try Span(first), entries)
    }

    /// The first `limit` entries of the span that match, as a query.
    private func matches(at places: [Range<Int>]?, limit: Int) -> Statement {
        if let places {
            let (lows, highs) = (places.map { Int64($0.lowerBound) }, places.map { Int64($0.upperBound) })
            return matches(
                of: "unnest(\(lows), \(highs)) AS place (low, high)",
                """
                e.seq >= place.low AND e.seq < place.high AND e.seq >= span.low AND e.seq < span.high
                """, limit: limit)
        }
        for (column, values) in keys where !values.isEmpty {
            // The end of the span is compared together with the key. As a range of `seq` alone, on a table that nothing
            // has analysed, the primary key would seem to lead to as few entries as the index of the key does.
            return matches(
                of: "unnest(\(values)) AS key (value)",
                """
                e.\(unescaped: column) = key.value AND e.seq >= span.low
                    AND (e.\(unescaped: column), e.seq) < (key.value, span.high)
                """, limit: limit)
        }
        return entries(
            where: order == .ascending
                ? "e.seq >= span.low AND e.seq < least(span.high, span.low + \(Self.windowMax))"
                : "e.seq >= greatest(span.low, span.high - \(Self.windowMax)) AND e.seq < span.high", limit: limit)
    }

    private func matches(of keys: Statement, _ isKey: Statement, limit: Int) -> Statement {
        """
        SELECT found.seq, found.leaf_hash, found.line, found.kind
        FROM \(fragment: keys) CROSS JOIN LATERAL (\(fragment: entries(where: isKey, limit: limit))) found
        ORDER BY found.seq \(unescaped: direction) LIMIT \(limit)
        """
    }

    private func entries(where condition: Statement, limit: Int) -> Statement {
        """
        SELECT e.seq, e.leaf_hash, e.line, e.kind FROM countersign.entries e
        WHERE e.ledger_id = \(ledger.id) AND \(fragment: condition) \(fragment: filters)
        ORDER BY e.seq \(unescaped: direction) LIMIT \(limit)
        """
    }

    /// The columns with an index of their own and what is asked of them, the most selective first.
    private var keys: [(column: String, values: [String])] {
        let columns = [
            ("message_id", query.messageIDs.map(\.text)), ("run_id", query.runIDs), ("sender", query.senders),
        ]
        return columns.map { column, values in
            // By bytes, for Swift takes texts for equal that Postgres does not; no entry may be found twice.
            var seen: Set<[UInt8]> = []
            return (column, values.filter { seen.insert(Array($0.utf8)).inserted })
        }
    }

    /// All filters. `IS TRUE` keeps them from being taken for the key of an index.
    private var filters: Statement {
        var parts: [Statement] = []
        if !query.messageIDs.isEmpty { parts.append("e.message_id = ANY(\(query.messageIDs.map(\.text)))") }
        if !query.senders.isEmpty { parts.append("e.sender = ANY(\(query.senders))") }
        if !query.senderDomains.isEmpty {
            parts.append("split_part(e.sender, '@', 2) = ANY(\(query.senderDomains))")
        }
        if !query.kinds.isEmpty { parts.append("e.kind = ANY(\(query.kinds))") }
        // Records of exports, holds and refused erasures are about people, for an erasure to find them. Nothing was
        // sent to anybody in them.
        if !query.recipients.isEmpty, query.kinds.isEmpty { parts.append("e.kind <> 'access'") }
        if !query.oversightModes.isEmpty { parts.append("e.oversight_mode = ANY(\(query.oversightModes))") }
        if !query.outcomes.isEmpty { parts.append("e.outcome = ANY(\(query.outcomes))") }
        if !query.alignments.isEmpty { parts.append(isAligned(as: query.alignments)) }
        if !query.runIDs.isEmpty { parts.append("e.run_id = ANY(\(query.runIDs))") }
        if !query.actors.isEmpty { parts.append("e.actor = ANY(\(query.actors))") }
        // No column repeats who reported: the line is read, of entries that everything else has left.
        if !query.reporters.isEmpty {
            parts.append("e.line::json -> 'reporter' ->> 'id' = ANY(\(query.reporters))")
        }
        if !query.producers.isEmpty, query.idempotencyKeys.isEmpty {
            parts.append(
                """
                e.line::json -> 'reporter' ->> 'id' IN (
                    SELECT token_id FROM countersign.tokens
                    WHERE ledger_id = \(ledger.id) AND producer = ANY(\(query.producers)))
                """)
        }
        if !query.vias.isEmpty { parts.append("countersign.via(e.line) = ANY(\(query.vias))") }
        if let from = query.from { parts.append("e.recorded_at >= \(PostgresTimestamp(from))") }
        if let to = query.to { parts.append("e.recorded_at < \(PostgresTimestamp(to))") }
        return parts.map { part -> Statement in "AND (\(fragment: part)) IS TRUE" }.joined(by: " ")
    }
}
