import Ledger
import Postgres

/// What is checked of the table of DMARC reports: that each report's entry has its row, and each row its entry. What
/// the rows say is for those to check who can read a report.
extension Verifier {
    private static let pageMax = 10_000

    mutating func checkReports() async throws {
        var missing = expectations.reports
        var next = 0
        while true {
            let rows = try await connection.query(
                """
                SELECT seq FROM countersign.dmarc_reports
                WHERE ledger_id = \(ledger.id) AND seq >= \(next) AND seq < \(report.size)
                ORDER BY seq LIMIT \(Self.pageMax)
                """, deadline: deadline)
            for row in rows {
                let seq = try row.int(0, clampedTo: Entry.claimedSeqs)
                next = seq + 1
                guard missing.remove(seq) == nil else { continue }
                report.add(Finding(.orphan, seq: seq, table: "dmarc_reports", "the entry is not that of a report"))
            }
            guard rows.count == Self.pageMax else { break }
        }
        for seq in missing.sorted() {
            report.add(Finding(.report, seq: seq, table: "dmarc_reports", "the report is missing"))
        }
    }
}
