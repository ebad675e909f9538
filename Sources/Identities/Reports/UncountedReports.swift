import Ledger
import LedgerStore
import Postgres

/// Reports that are in no sum, so that none is hidden: those that nobody vouches for, and those that somebody does
/// while another version counts whose rows are others (``ReportVersions``).
package struct UncountedReports: Sendable {
    package struct Tally: Sendable {
        package let reports: Int
        /// Messages, as those reports claim.
        package let messages: Int
    }

    package let unverified: Tally
    package let differing: Tally

    /// Asks about the reports that `filter` means; ``init(_:)`` reads the answer.
    static func statement(_ ledger: StoredLedger, _ filter: ReportFilter) -> Statement {
        """
        SELECT count(*) FILTER (WHERE is_unverified), \(fragment: ReportStats.sum("messages", where: "is_unverified")),
            count(*) FILTER (WHERE is_differing), \(fragment: ReportStats.sum("messages", where: "is_differing"))
        FROM (
            SELECT r.messages, \(fragment: ReportVersions.isUnverified(ledger)) AS is_unverified,
                \(fragment: ReportVersions.isPassedOver(ledger)) AS is_differing
            FROM countersign.dmarc_reports r WHERE \(fragment: filter.condition(ledger)) AND r.upload IS NOT NULL
        ) r
        """
    }

    init(_ row: Row) throws {
        unverified = Tally(reports: try row.int(0, in: Entry.seqs), messages: try row.int(1, in: Entry.seqs))
        differing = Tally(reports: try row.int(2, in: Entry.seqs), messages: try row.int(3, in: Entry.seqs))
    }

    /// `unverified` and `differing`.
    var members: [JSONValue.Member] {
        [("unverified", unverified), ("differing", differing)].map { name, tally in
            .init(name, ["messages": .integer(tally.messages), "reports": .integer(tally.reports)])
        }
    }
}
