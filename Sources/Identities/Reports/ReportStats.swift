package import Ledger
package import LedgerStore
import MailAuthentication
import Postgres

/// Messages that reports claim, summed by what they have in common.
package struct ReportStats: Sendable {
    package enum Dimension: String, CaseIterable, Sendable {
        case sourceIP = "source_ip"
        case headerFrom = "header_from"
        case disposition
        /// What passed aligned: `both`, `dkim`, `spf` or `none`.
        case alignment
        case policyDomain = "policy_domain"
        /// The Organizational Domain of the receiver (``ReportWord``).
        case receiver

        /// The value for one row `w` of a report `r`.
        var expression: Statement {
            switch self {
            case .sourceIP: "coalesce(host(w.source_ip), w.source_text)"
            case .headerFrom: "w.header_from"
            case .disposition: "w.disposition"
            case .alignment:
                """
                CASE WHEN w.dkim = 'pass' AND w.spf = 'pass' THEN 'both' WHEN w.dkim = 'pass' THEN 'dkim'
                    WHEN w.spf = 'pass' THEN 'spf' ELSE 'none' END
                """
            case .policyDomain: "r.policy_domain"
            case .receiver: "r.receiver"
            }
        }
    }

    /// One sum; `values` are in the order of the dimensions, nil where the reports say nothing.
    package struct Group: Sendable {
        package let values: [String?]
        package let count: Int
        /// Of them, those that passed DMARC.
        package let aligned: Int
        /// Of them, those whose receiver no carrier has authenticated.
        package let claimed: Int
    }

    /// The most groups of one answer.
    package static let groupsMax = 1_000

    package let dimensions: [Dimension]
    /// The largest first.
    package let groups: [Group]
    /// Whether there were more.
    package let isTruncated: Bool
    /// What is in no group.
    package let uncounted: UncountedReports

    package var json: JSONValue {
        let groups = groups.map { group in
            let values = zip(dimensions, group.values).compactMap { dimension, value in
                value.map { JSONValue.Member(dimension.rawValue, .string($0)) }
            }
            return JSONValue.object(
                values + [
                    .init("aligned", .integer(group.aligned)), .init("claimed", .integer(group.claimed)),
                    .init("count", .integer(group.count)),
                ])
        }
        return .object(
            [.init("groups", .array(groups))] + uncounted.members
                + (isTruncated ? [JSONValue.Member("truncated", true)] : []))
    }

    /// What a sum is cut at: counts are claims, and a number in JSON ends there.
    static let sumMax: Statement = "9007199254740991"
    /// Whether a row's messages passed DMARC, as its report says.
    static let isAligned: Statement = "(w.dkim = 'pass' OR w.spf = 'pass') IS TRUE"

    /// The sum of a column where a condition holds, cut at ``sumMax``. Postgres sums beyond 64 bits.
    static func sum(_ column: Statement, where condition: Statement) -> Statement {
        """
        least(coalesce(sum(\(fragment: column)) FILTER (WHERE \(fragment: condition)), 0),
            \(fragment: sumMax))::bigint
        """
    }
}

extension StoredReports {
    /// The messages of the reports that `filter` means and that count, by `dimensions`.
    package func stats(
        of ledger: StoredLedger, by dimensions: [ReportStats.Dimension], _ filter: ReportFilter
    ) async throws(StoreError) -> ReportStats {
        let places = (1...dimensions.count).map { "\($0)" }.joined(separator: ", ")
        let statement: Statement = """
            SELECT \(fragment: dimensions.map(\.expression).joined(by: ", ")),
                least(sum(w.count), \(fragment: ReportStats.sumMax))::bigint AS total,
                \(fragment: ReportStats.sum("w.count", where: ReportStats.isAligned)),
                \(fragment: ReportStats.sum("w.count", where: "r.receiver_claimed"))
            FROM countersign.dmarc_reports r
            JOIN countersign.dmarc_report_rows w ON w.ledger_id = \(ledger.id) AND w.upload = r.upload
            WHERE \(fragment: filter.condition(ledger)) AND \(fragment: ReportVersions.counts(ledger))
            GROUP BY \(unescaped: places) ORDER BY total DESC, \(unescaped: places)
            LIMIT \(ReportStats.groupsMax + 1)
            """
        return try await store.read { connection, deadline in
            let answers = try await connection.pipeline(
                [statement, UncountedReports.statement(ledger, filter)], deadline: deadline)
            let rows = answers[0]
            let groups = try rows.prefix(ReportStats.groupsMax).map { row in
                let values = try dimensions.enumerated().map { column, dimension in
                    let text = try row.textIfPresent(.index(column))
                    return dimension == .sourceIP ? text.map(Self.address) : text
                }
                return ReportStats.Group(
                    values: values, count: try row.int(.index(dimensions.count), in: Entry.seqs),
                    aligned: try row.int(.index(dimensions.count + 1), in: Entry.seqs),
                    claimed: try row.int(.index(dimensions.count + 2), in: Entry.seqs))
            }
            return ReportStats(
                dimensions: dimensions, groups: groups, isTruncated: rows.count > ReportStats.groupsMax,
                uncounted: try UncountedReports(try answers[1].one()))
        }
    }

    /// An address as we write it, whatever way Postgres does.
    static func address(_ text: String) -> String { IPAddress(text: text)?.description ?? text }
}
