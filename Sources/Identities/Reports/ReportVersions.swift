package import Ledger
import LedgerStore
import Postgres

/// The versions of one report: entries with the same receiver, policy domain, id and period (RFC 9990 §3.5) and other
/// rows, or a better word for the same rows. All are kept and shown.
///
/// Sums take one of them: of those that anybody vouches for, the first whose carrier is authenticated, and without one
/// the first that somebody brought who is trusted. So a forged report never counts; one that a trusted hand brought by
/// mistake gives way to what the receiver itself has sent; and nothing that comes later changes a sum but that. Nobody
/// can undo what a receiver sent, the receiver included: what it sends later is shown as differing.
enum ReportVersions {
    /// Whether the report `r` is the version that counts.
    static func counts(_ ledger: StoredLedger) -> Statement {
        "(r.trust <> 'unverified' AND NOT EXISTS (\(fragment: better(ledger))))"
    }

    /// Whether `r` counts nowhere because nobody vouches for it, neither here nor in a version with the same rows.
    static func isUnverified(_ ledger: StoredLedger) -> Statement {
        """
        (r.trust = 'unverified' AND NOT EXISTS (
            \(fragment: trusted(ledger)) AND b.rows_sha256 = r.rows_sha256
        ))
        """
    }

    /// Whether somebody vouches for `r`, and another version counts, whose rows are others.
    static func isPassedOver(_ ledger: StoredLedger) -> Statement {
        """
        (r.trust <> 'unverified' AND EXISTS (\(fragment: better(ledger))) AND NOT EXISTS (
            \(fragment: better(ledger)) AND b.rows_sha256 = r.rows_sha256
        ))
        """
    }

    /// How many versions are counted before a version's number stays as it is.
    static let numberMax = 1_000

    /// The number of `r` among its versions, from 1; ``numberMax`` stands for more.
    static func number(_ ledger: StoredLedger) -> Statement {
        """
        (SELECT count(*) + 1 FROM (
            SELECT FROM countersign.dmarc_reports v
            WHERE v.ledger_id = \(ledger.id) AND v.report = r.report AND v.seq < r.seq LIMIT \(numberMax - 1)
        ) v)
        """
    }

    /// Whether another version of `r` has other rows. At most three have the same (``IncomingReport/key(_:_:)``), so
    /// one of the first four tells.
    static func differs(_ ledger: StoredLedger) -> Statement {
        """
        EXISTS (
            SELECT FROM countersign.dmarc_reports v
            WHERE v.ledger_id = \(ledger.id) AND v.report = r.report AND v.rows_sha256 <> r.rows_sha256
        )
        """
    }

    /// The versions of `r` that somebody vouches for.
    private static func trusted(_ ledger: StoredLedger) -> Statement {
        """
        SELECT FROM countersign.dmarc_reports b
        WHERE b.ledger_id = \(ledger.id) AND b.report = r.report AND b.trust <> 'unverified'
        """
    }

    /// Those that count rather than `r`.
    private static func better(_ ledger: StoredLedger) -> Statement {
        """
        \(fragment: trusted(ledger))
            AND (\(fragment: isBrought("b")), b.seq) < (\(fragment: isBrought("r")), r.seq)
        """
    }

    /// Whether the word for a report is that of who brought it, and not of its carrier (``ReportTrust/rank``).
    private static func isBrought(_ table: String) -> Statement {
        "\(unescaped: table).trust NOT IN ('carrier', 'listed')"
    }
}

/// How a report stands among its versions.
package struct ReportStanding: Sendable {
    /// Whether its messages are in sums.
    package let isCounted: Bool
    /// Its number among the versions of the same report, from 1; 1,000 stands for more.
    package let version: Int
    /// Whether another version has other rows: somebody reports twice, or forges.
    package let differs: Bool

    package var members: [JSONValue.Member] {
        let members: [JSONValue.Member] = [
            .init("counted", .bool(isCounted)), .init("version", .integer(version)),
        ]
        return members + (differs ? [.init("differs", true)] : [])
    }
}
