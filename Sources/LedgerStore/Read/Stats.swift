package import Ledger
import Postgres

/// Counts of entries by time and by what they have in common.
package struct Stats: Sendable {
    /// What entries are counted by.
    package enum Dimension: String, CaseIterable, Sendable {
        case sender, kind, oversightMode = "oversight_mode", outcome
        /// Whose word the entries are.
        case via
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
    /// watermark, live from there on, in one snapshot.
    package func stats(
        of ledger: StoredLedger, by dimensions: [Stats.Dimension], bucket: Stats.Bucket, from: Timestamp?,
        to: Timestamp?
    ) async throws(StoreError) -> Stats {
        let columns = dimensions.map(\.rawValue)
        let groups = (0..<columns.count).map { ", \($0 + 3)" }.joined()
        let sources = rolledUp(ledger, dimensions, bucket, from, to) + [live(ledger, dimensions, bucket, from, to)]
        let statement: Statement = """
            WITH head AS (
                SELECT size FROM countersign.heads WHERE ledger_id = \(ledger.id) ORDER BY size DESC LIMIT 1
            ), counted AS (
                \(fragment: sources.joined(by: " UNION ALL "))
            )
            SELECT (SELECT size FROM head), start\(unescaped: columns.map { ", \($0)" }.joined()), sum(count)::bigint
            FROM counted GROUP BY 2\(unescaped: groups) ORDER BY 2\(unescaped: groups)
            LIMIT \(Self.countsMax + 1)
            """
        return try await read { connection, deadline in
            let rows = try await connection.query(statement, deadline: deadline)
            let counts = try rows.prefix(Self.countsMax).map { row in
                let values = try (0..<columns.count).map { column in
                    let text = try row.text(.index(column + 2))
                    return text.isEmpty ? nil : text
                }
                return Stats.Count(
                    start: Timestamp(try row.timestamp(1)), values: values,
                    count: try row.int(.index(columns.count + 2), in: Entry.seqs))
            }
            let size: Int
            if let row = rows.first {
                size = try row.int(0, in: Entry.seqs)
            } else {
                size = try await Self.size(of: ledger, connection, deadline)
            }
            return Stats(size: size, counts: counts, isTruncated: rows.count > Self.countsMax)
        }
    }

    /// What is counted already: days as far as they are wanted whole and over all senders, hours else.
    private func rolledUp(
        _ ledger: StoredLedger, _ dimensions: [Stats.Dimension], _ bucket: Stats.Bucket, _ from: Timestamp?,
        _ to: Timestamp?
    ) -> [Statement] {
        let columns = dimensions.map { ", \($0.rawValue)" }.joined()
        let counts = { (table: String, time: String, from: Timestamp?, to: Timestamp?) -> Statement in
            """
            SELECT date_trunc(\(bucket.rawValue), \(unescaped: time), 'UTC') AS start, count\(unescaped: columns)
            FROM countersign.\(unescaped: table)
            WHERE ledger_id = \(ledger.id) \(fragment: Self.within(time, from, to))
            """
        }
        let (firstDay, endDay) = (from?.nextDay, to?.day)
        let hasDays = firstDay.flatMap { first in endDay.map { first < $0 } } ?? true
        guard bucket != .hour, !dimensions.contains(.sender), hasDays else {
            return [counts("rollups", "hour", from, to)]
        }
        var sources = [counts("daily_rollups", "day", firstDay, endDay)]
        if from != firstDay { sources.append(counts("rollups", "hour", from, firstDay)) }
        if to != endDay { sources.append(counts("rollups", "hour", endDay, to)) }
        return sources
    }

    /// What is not counted yet.
    private func live(
        _ ledger: StoredLedger, _ dimensions: [Stats.Dimension], _ bucket: Stats.Bucket, _ from: Timestamp?,
        _ to: Timestamp?
    ) -> Statement {
        let columns = dimensions.map { dimension in
            ", coalesce(\(dimension == .via ? "countersign.via(line)" : dimension.rawValue), '')"
        }.joined()
        return """
            SELECT date_trunc(\(bucket.rawValue), recorded_at, 'UTC'), 1\(unescaped: columns)
            FROM countersign.entries
            WHERE ledger_id = \(ledger.id)
                AND seq >= (SELECT seq FROM countersign.watermarks WHERE ledger_id = \(ledger.id))
                AND seq < (SELECT size FROM head) \(fragment: Self.within("recorded_at", from, to))
            """
    }

    private static func within(_ column: String, _ from: Timestamp?, _ to: Timestamp?) -> Statement {
        let low: Statement = from.map { "AND \(unescaped: column) >= \(PostgresTimestamp($0))" } ?? ""
        let high: Statement = to.map { "AND \(unescaped: column) < \(PostgresTimestamp($0))" } ?? ""
        return "\(fragment: low) \(fragment: high)"
    }
}
