package import Ledger
import Postgres

/// Counts of entries by time and by what they have in common.
package struct Stats: Sendable {
    /// What entries are counted by.
    package enum Dimension: String, CaseIterable, Sendable {
        case sender, kind, oversightMode = "oversight_mode", outcome
    }

    /// The length of a bucket, in UTC.
    package enum Bucket: String, CaseIterable, Sendable {
        case hour, day, month
    }

    /// One number; `values` are in the order of the dimensions, absent ones nil.
    package struct Count: Sendable {
        package let start: Timestamp
        package let values: [String?]
        package let count: Int
    }

    /// The size of the tree that was counted.
    package let size: Int
    /// In the order of their starts.
    package let counts: [Count]
    /// Whether there was more than the limit.
    package let isTruncated: Bool
}

extension LedgerStore {
    /// The most counts of one answer.
    package static let countsMax = 50_000

    /// Exact counts of the entries recorded in `[from, to)`, both on full hours: from the rollups up to their
    /// watermark,
    /// live from there on, in one snapshot.
    package func stats(
        of ledger: StoredLedger, by dimensions: [Stats.Dimension], bucket: Stats.Bucket, from: Timestamp?,
        to: Timestamp?
    ) async throws(StoreError) -> Stats {
        let columns = dimensions.map(\.rawValue)
        let rolled = columns.map { ", \($0)" }.joined()
        let live = columns.map { ", coalesce(\($0), '')" }.joined()
        let groups = (0..<columns.count).map { ", \($0 + 3)" }.joined()
        let low: Statement = from.map { "AND hour >= \(PostgresTimestamp($0))" } ?? ""
        let high: Statement = to.map { "AND hour < \(PostgresTimestamp($0))" } ?? ""
        let lowLive: Statement = from.map { "AND recorded_at >= \(PostgresTimestamp($0))" } ?? ""
        let highLive: Statement = to.map { "AND recorded_at < \(PostgresTimestamp($0))" } ?? ""
        return try await read { connection, deadline in
            let rows = try await connection.query(
                """
                WITH head AS (
                    SELECT size FROM countersign.heads WHERE ledger_id = \(ledger.id) ORDER BY size DESC LIMIT 1
                ), counted AS (
                    SELECT date_trunc(\(bucket.rawValue), hour, 'UTC') AS start, count\(unescaped: rolled)
                    FROM countersign.rollups
                    WHERE ledger_id = \(ledger.id) \(fragment: low) \(fragment: high)
                    UNION ALL
                    SELECT date_trunc(\(bucket.rawValue), recorded_at, 'UTC'), 1\(unescaped: live)
                    FROM countersign.entries
                    WHERE ledger_id = \(ledger.id)
                        AND seq >= (SELECT seq FROM countersign.watermarks WHERE ledger_id = \(ledger.id))
                        AND seq < (SELECT size FROM head) \(fragment: lowLive) \(fragment: highLive)
                )
                SELECT (SELECT size FROM head), start\(unescaped: rolled), sum(count)::bigint
                FROM counted GROUP BY 2\(unescaped: groups) ORDER BY 2\(unescaped: groups)
                LIMIT \(Self.countsMax + 1)
                """, deadline: deadline)
            let counts = try rows.prefix(Self.countsMax).map { row in
                let values = try (0..<columns.count).map { column in
                    let text = try row.text(.index(column + 2))
                    return text.isEmpty ? nil : text
                }
                return Stats.Count(
                    start: Timestamp(try row.timestamp(1)), values: values,
                    count: try row.int(.index(columns.count + 2)))
            }
            let size: Int
            if let row = rows.first {
                size = try row.int(0)
            } else {
                size = try await Self.size(of: ledger, connection, deadline)
            }
            return Stats(size: size, counts: counts, isTruncated: rows.count > Self.countsMax)
        }
    }
}
