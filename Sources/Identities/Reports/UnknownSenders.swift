package import Ledger
package import LedgerStore
import Postgres

/// Reports held against what we know of ourselves: mail that claims to be ours and is not in the ledger. Only reports
/// that count are held against it (``ReportVersions``).
///
/// Each row of a report is *ours* by one of two rules; everything else is from an unknown source.
/// - Its address is among the `addresses` of an identity, and its `header_from` is the identity's domain or lies below
///   it.
/// - DKIM passed aligned, with the key of one of the identity's `selectors` at its signing domain, and its
///   `header_from` is the identity's domain or lies below it. So mail of ours that was forwarded is ours.
///
/// Of what is ours, each day and `header_from` is compared with the ledger: the `send` entries of senders at that very
/// domain that were recorded that day (UTC), `sent` or `delivered`, whichever are more. A report's day is the day of
/// the middle of its period. A message to several people is one entry and may be several messages of reports, and what
/// no host reports is not in reports, so `excess` is where to look and no proof.
package struct UnknownSenders: Sendable {
    /// Messages from one unknown source.
    package struct Source: Sendable {
        /// The address, or what a report has in its place.
        package let sourceIP: String
        package let headerFrom: String?
        package let count: Int
        /// Of them, those that passed DMARC.
        package let aligned: Int
        /// By what was done with them, where it was done at all.
        package let dispositions: [(name: String, count: Int)]
        package let firstDay: Timestamp
        package let lastDay: Timestamp
        /// The receivers that report it, at most ``receiversMax``.
        package let receivers: [String]
    }

    /// Messages that are ours by reports, and those that the ledger has.
    package struct Day: Sendable {
        package let day: Timestamp
        package let headerFrom: String?
        package let reported: Int
        package let recorded: Int

        /// How many more are reported than recorded.
        package var excess: Int { max(0, reported - recorded) }
    }

    /// The most sources, and days, of one answer.
    package static let rowsMax = 1_000
    static let receiversMax = 20

    /// The largest first.
    package let sources: [Source]
    /// The last day first.
    package let days: [Day]
    /// Whether there were more.
    package let isTruncated: Bool
    /// What was not held against anything.
    package let uncounted: UncountedReports
}

extension StoredReports {
    /// Messages of the reports that `filter` means which are not ours, and beside them those that are.
    package func unknownSenders(
        of ledger: StoredLedger, _ filter: ReportFilter
    ) async throws(StoreError) -> UnknownSenders {
        let judged = Self.judged(ledger, filter)
        let statements = [
            Self.sources(judged), Self.days(judged, ledger), UncountedReports.statement(ledger, filter),
        ]
        return try await store.read { connection, deadline in
            let answers = try await connection.pipeline(statements, deadline: deadline)
            let sources = try answers[0].prefix(UnknownSenders.rowsMax).map { try UnknownSenders.Source($0) }
            let days = try answers[1].prefix(UnknownSenders.rowsMax).map { row in
                UnknownSenders.Day(
                    day: Self.day(try row.int(1, clampedTo: Self.dayNumbers)), headerFrom: try row.textIfPresent(0),
                    reported: try row.int(2, in: Entry.seqs),
                    recorded: try row.int(3, in: Entry.seqs))
            }
            return UnknownSenders(
                sources: sources, days: days,
                isTruncated: answers.contains { $0.count > UnknownSenders.rowsMax },
                uncounted: try UncountedReports(try answers[2].one()))
        }
    }

    /// The days that can be written, counted from 1970-01-01 to the end of the year 9999.
    static let dayNumbers = 0...2_932_896

    /// The start of a day that is counted from 1970-01-01.
    static func day(_ number: Int) -> Timestamp {
        Timestamp(microseconds: Int64(min(max(number, dayNumbers.lowerBound), dayNumbers.upperBound)) * 86_400_000_000)
    }

    /// The rows of the reports, summed, each with whether it is ours: `WITH ... judged`. The last day is the last of
    /// ``dayNumbers``.
    private static func judged(_ ledger: StoredLedger, _ filter: ReportFilter) -> Statement {
        """
        WITH mine AS MATERIALIZED (
            SELECT regexp_replace(identity, '^.*@', '') AS domain, settings::jsonb AS settings
            FROM countersign.identities WHERE ledger_id = \(ledger.id)
        ), own_addresses AS MATERIALIZED (
            SELECT DISTINCT m.domain, a.text::inet AS address
            FROM mine m CROSS JOIN LATERAL jsonb_array_elements_text(m.settings -> 'addresses') AS a (text)
        ), own_signers AS MATERIALIZED (
            SELECT DISTINCT m.domain,
                s.selector || '._domainkey.' || coalesce(m.settings ->> 'signing_domain', m.domain) AS signer
            FROM mine m CROSS JOIN LATERAL jsonb_array_elements_text(m.settings -> 'selectors') AS s (selector)
        ), summed AS MATERIALIZED (
            SELECT w.source_ip, w.source_text, w.header_from, w.signers, w.disposition, r.receiver,
                least((r.begins + r.ends) / 2 / 86400, 2932896) AS day, sum(w.count) AS count,
                coalesce(sum(w.count) FILTER (WHERE \(fragment: ReportStats.isAligned)), 0) AS aligned
            FROM countersign.dmarc_reports r
            JOIN countersign.dmarc_report_rows w ON w.ledger_id = \(ledger.id) AND w.upload = r.upload
            WHERE \(fragment: filter.condition(ledger)) AND \(fragment: ReportVersions.counts(ledger))
            GROUP BY 1, 2, 3, 4, 5, 6, 7
        ), judged AS MATERIALIZED (
            SELECT s.*, EXISTS (
                SELECT FROM own_addresses o WHERE o.address = s.source_ip
                    AND (s.header_from = o.domain OR right(s.header_from, length(o.domain) + 1) = '.' || o.domain)
            ) OR EXISTS (
                SELECT FROM own_signers o WHERE o.signer = ANY(string_to_array(s.signers, ' '))
                    AND (s.header_from = o.domain OR right(s.header_from, length(o.domain) + 1) = '.' || o.domain)
            ) AS is_ours
            FROM summed s
        )
        """
    }

    private static func sources(_ judged: Statement) -> Statement {
        let sum = { (condition: Statement) in ReportStats.sum("count", where: condition) }
        let dispositions = ["none", "pass", "quarantine", "reject"].map { word -> Statement in
            sum("disposition = '\(unescaped: word)'")
        }
        return """
            \(fragment: judged)
            SELECT coalesce(host(source_ip), source_text, ''), header_from,
                least(sum(count), \(fragment: ReportStats.sumMax))::bigint,
                least(sum(aligned), \(fragment: ReportStats.sumMax))::bigint, min(day), max(day),
                (array_agg(DISTINCT coalesce(receiver, '')))[1:\(unescaped: "\(UnknownSenders.receiversMax)")],
                \(fragment: dispositions.joined(by: ", ")), \(fragment: sum("disposition IS NULL"))
            FROM judged WHERE NOT is_ours
            GROUP BY source_ip, source_text, header_from ORDER BY 3 DESC, 1, 2 LIMIT \(UnknownSenders.rowsMax + 1)
            """
    }

    private static func days(_ judged: Statement, _ ledger: StoredLedger) -> Statement {
        """
        \(fragment: judged)
        SELECT d.header_from, d.day, least(d.reported, \(fragment: ReportStats.sumMax))::bigint, l.recorded::bigint
        FROM (
            SELECT header_from, day, sum(count) AS reported FROM judged WHERE is_ours
            GROUP BY 1, 2 ORDER BY day DESC, header_from LIMIT \(UnknownSenders.rowsMax + 1)
        ) d CROSS JOIN LATERAL (
            SELECT greatest(
                coalesce(sum(u.count) FILTER (WHERE u.outcome = 'sent'), 0),
                coalesce(sum(u.count) FILTER (WHERE u.outcome = 'delivered'), 0)) AS recorded
            FROM countersign.rollups u
            WHERE u.ledger_id = \(ledger.id) AND u.kind = 'send' AND split_part(u.sender, '@', 2) = d.header_from
                AND u.hour >= to_timestamp(d.day * 86400) AND u.hour < to_timestamp((d.day + 1) * 86400)
        ) l
        ORDER BY d.day DESC, d.header_from
        """
    }
}

extension UnknownSenders {
    package var json: JSONValue {
        let members: [JSONValue.Member] = [
            .init("days", .array(days.map(\.json))), .init("sources", .array(sources.map(\.json))),
        ]
        return .object(members + uncounted.members + (isTruncated ? [.init("truncated", true)] : []))
    }
}

extension UnknownSenders.Day {
    fileprivate var json: JSONValue {
        let members: [JSONValue.Member] = [
            .init("day", .string(day.date)), .init("excess", .integer(excess)), .init("recorded", .integer(recorded)),
            .init("reported", .integer(reported)),
        ]
        return .object(members + (headerFrom.map { [.init("header_from", .string($0))] } ?? []))
    }
}

extension UnknownSenders.Source {
    fileprivate var json: JSONValue {
        let members: [JSONValue.Member] = [
            .init("aligned", .integer(aligned)), .init("count", .integer(count)),
            .init("dispositions", .object(dispositions.map { .init($0.name, .integer($0.count)) })),
            .init("first_day", .string(firstDay.date)), .init("last_day", .string(lastDay.date)),
            .init("receivers", .array(receivers.map { .string($0) })), .init("source_ip", .string(sourceIP)),
        ]
        return .object(members + (headerFrom.map { [.init("header_from", .string($0))] } ?? []))
    }

    /// Reads the columns of ``StoredReports/sources(_:)``.
    fileprivate init(_ row: Row) throws {
        sourceIP = StoredReports.address(try row.text(0))
        headerFrom = try row.textIfPresent(1)
        count = try row.int(2, in: Entry.seqs)
        aligned = try row.int(3, in: Entry.seqs)
        firstDay = StoredReports.day(try row.int(4, clampedTo: StoredReports.dayNumbers))
        lastDay = StoredReports.day(try row.int(5, clampedTo: StoredReports.dayNumbers))
        receivers = try row.array(6, of: String.self).filter { !$0.isEmpty }
        let names = ["none", "pass", "quarantine", "reject", "unknown"]
        let counts = try names.enumerated().map { (name: $1, count: try row.int(.index(7 + $0), in: Entry.seqs)) }
        dispositions = counts.filter { $0.count > 0 }
    }
}
