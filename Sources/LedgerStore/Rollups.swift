import Ledger
import Observation
import Postgres

/// Advances the hourly and daily counts of one ledger, in transactions of their own: they are exact up to a watermark,
/// and readers count live from there on.
struct Rollups {
    /// Entries counted in one transaction.
    private static let stepMax = 50_000

    private let ledgerID: Int64
    private let origin: String
    private let connections: ConnectionPool
    private let observer: any Observer

    init(_ ledger: StoredLedger, _ connections: ConnectionPool, _ observer: any Observer) {
        ledgerID = ledger.id
        origin = ledger.origin.text
        self.connections = connections
        self.observer = observer
    }

    /// Counts until the watermark has reached the head, but so many steps at most.
    ///
    /// - Parameter timeout: how long one step may take.
    /// - Returns: whether it has.
    func catchUp(steps: Int, timeout: Duration) async throws -> Bool {
        for _ in 0..<steps where try await advance(deadline: .now + timeout) { return true }
        return false
    }

    /// Counts one step further.
    ///
    /// - Returns: whether the watermark has reached the head.
    private func advance(deadline: ContinuousClock.Instant) async throws -> Bool {
        try await connections.withConnection(deadline: deadline) { connection in
            let begun = try await connection.pipeline(
                [
                    "BEGIN",
                    // The lock on the watermark orders the instances; whoever comes second sees the new one.
                    "SELECT seq FROM countersign.watermarks WHERE ledger_id = \(ledgerID) FOR NO KEY UPDATE",
                    """
                    SELECT coalesce(max(size), 0) FROM countersign.heads WHERE ledger_id = \(ledgerID)
                    """,
                ], deadline: deadline)
            let from = try begun[1].one().int(0, in: Entry.seqs)
            let size = try begun[2].one().int(0, in: Entry.seqs)
            let to = min(size, from + Self.stepMax)
            guard to > from else {
                try await connection.rollback(deadline: deadline)
                return true
            }
            let counts = try await Counts(
                connection.query(
                    """
                    SELECT date_trunc('hour', recorded_at, 'UTC'), coalesce(sender, ''), kind,
                        coalesce(oversight_mode, ''), outcome, countersign.via(line), count(*)
                    FROM countersign.entries
                    WHERE ledger_id = \(ledgerID) AND seq >= \(from) AND seq < \(to)
                    GROUP BY 1, 2, 3, 4, 5, 6
                    """, deadline: deadline))
            _ = try await connection.pipeline(
                [
                    """
                    INSERT INTO countersign.rollups AS r
                        (ledger_id, hour, sender, kind, oversight_mode, outcome, via, count)
                    SELECT \(ledgerID), * FROM \(fragment: counts.rows)
                    ON CONFLICT (ledger_id, hour, sender, kind, oversight_mode, outcome, via)
                    DO UPDATE SET count = r.count + excluded.count
                    """,
                    """
                    INSERT INTO countersign.daily_rollups AS r
                        (ledger_id, day, kind, oversight_mode, outcome, via, count)
                    SELECT \(ledgerID), date_trunc('day', hour, 'UTC'), kind, oversight_mode, outcome, via, sum(count)
                    FROM \(fragment: counts.rows) GROUP BY 2, 3, 4, 5, 6
                    ON CONFLICT (ledger_id, day, kind, oversight_mode, outcome, via)
                    DO UPDATE SET count = r.count + excluded.count
                    """,
                    "UPDATE countersign.watermarks SET seq = \(to) WHERE ledger_id = \(ledgerID)",
                    "COMMIT",
                ], deadline: deadline)
            observer.observe(.rollupsAdvanced(ledger: origin, seq: Int64(to), entries: to - from))
            return to == size
        }
    }
}

/// What was counted, by column: counted once, for two tables, in statements that each name their ledger.
private struct Counts {
    private var hours: [PostgresTimestamp] = []
    private var texts: [[String]] = [[], [], [], [], []]
    private var counts: [Int64] = []

    init(_ answer: Rows) throws {
        for row in answer {
            hours.append(try row.timestamp(0))
            for column in texts.indices { texts[column].append(try row.text(.index(column + 1))) }
            counts.append(try row.id(6))
        }
    }

    /// The rows `hour, sender, kind, oversight_mode, outcome, via, count`.
    var rows: Statement {
        """
        unnest(\(hours), \(texts[0]), \(texts[1]), \(texts[2]), \(texts[3]), \(texts[4]),
            \(counts))
            AS counted (hour, sender, kind, oversight_mode, outcome, via, count)
        """
    }
}
