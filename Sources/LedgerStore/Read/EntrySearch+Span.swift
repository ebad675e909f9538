import Ledger
import Postgres

/// Where the entries of a query may lie: a range of `seq`.
extension EntrySearch {
    /// The size that the answer is cut at, and the first and the last place (exclusive) that are looked at within it.
    struct Span {
        let size: Int
        let low: Int
        let high: Int

        init(size: Int, low: Int, high: Int) {
            self.size = size
            self.low = low
            self.high = max(low, high)
        }

        /// Reads `size, low, high`. Behind the last place that an entry can have there is one more: where a range ends.
        init(_ row: Row) throws {
            let ends = 0...Entry.seqs.upperBound + 1
            self.init(size: try row.int(0, in: ends), low: try row.int(1, in: ends), high: try row.int(2, in: ends))
        }
    }

    /// A place within so many entries is near enough: the entries themselves tell their times.
    private static let nearEnough = 256

    /// A span in numbers as `WITH span (size, low, high)`.
    func span(_ span: Span) -> Statement {
        """
        WITH span (size, low, high) AS MATERIALIZED (SELECT \(span.size), \(span.low), \(span.high))
        """
    }

    /// What the times of the query allow, as `WITH span (size, low, high)`.
    ///
    /// `recorded_at` never goes back, so a time is a place: the table of hours names two places around it, and halving
    /// the distance between them, again and again, comes near it. All within one statement.
    ///
    /// - Parameters:
    ///   - size: the size to cut at; nil for the present one.
    ///   - position: where the page before has ended, in the order of the answer.
    func span(size: Int?, from position: Int?) -> Statement {
        let head: Statement =
            size.map { "SELECT \($0)" }
            ?? "SELECT coalesce(max(size), 0) FROM countersign.heads WHERE ledger_id = \(ledger.id)"
        var low: Statement = "0::bigint"
        var high: Statement = "size"
        var search: Statement = ""
        let moments: [Statement] =
            (query.from.map { ["(false, \(PostgresTimestamp($0)))"] } ?? [])
            + (query.to.map { ["(true, \(PostgresTimestamp($0)))"] } ?? [])
        if !moments.isEmpty {
            search = ", \(fragment: self.search(moments.joined(by: ", ")))"
            low = "coalesce((SELECT max(low) FROM search WHERE NOT is_end), 0)"
            high = "coalesce((SELECT min(high) FROM search WHERE is_end), size)"
        }
        if let position {
            switch order {
            case .ascending: low = "greatest(\(fragment: low), \(position))"
            case .descending: high = "least(\(fragment: high), \(position))"
            }
        }
        return """
            WITH RECURSIVE head (size) AS MATERIALIZED (\(fragment: head))\(fragment: search),
            span (size, low, high) AS MATERIALIZED (SELECT size, \(fragment: low), \(fragment: high) FROM head)
            """
    }

    /// What `span` comes to.
    func spanInNumbers(_ span: Statement) async throws -> Span {
        try await Span(
            connection.query("\(fragment: span) SELECT size, low, high FROM span", deadline: deadline).one())
    }

    /// The places around each of `moments`, ever closer. An entry that is missing ends the search for its moment.
    private func search(_ moments: Statement) -> Statement {
        """
        search (is_end, moment, low, high) AS (
            SELECT m.is_end, m.moment,
                least(head.size, coalesce((
                    SELECT first_seq FROM countersign.hours WHERE ledger_id = \(ledger.id) AND hour <= m.moment
                    ORDER BY hour DESC LIMIT 1), 0)),
                least(head.size, coalesce((
                    SELECT first_seq FROM countersign.hours WHERE ledger_id = \(ledger.id) AND hour >= m.moment
                    ORDER BY hour LIMIT 1), head.size))
            FROM head CROSS JOIN (VALUES \(fragment: moments)) AS m (is_end, moment)
            UNION ALL
            SELECT s.is_end, s.moment,
                CASE WHEN e.recorded_at < s.moment THEN (s.low + s.high) / 2 + 1 ELSE s.low END,
                CASE WHEN e.recorded_at < s.moment THEN s.high ELSE (s.low + s.high) / 2 END
            FROM search s CROSS JOIN LATERAL (
                SELECT recorded_at FROM countersign.entries
                WHERE ledger_id = \(ledger.id) AND seq = (s.low + s.high) / 2 LIMIT 1
            ) e
            WHERE s.high - s.low > \(unescaped: String(Self.nearEnough))
        )
        """
    }
}
