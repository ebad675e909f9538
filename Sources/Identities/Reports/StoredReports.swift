import Ledger
package import LedgerStore
import Postgres

/// The reports that a ledger has, to be asked about.
package struct StoredReports: Sendable {
    let store: LedgerStore

    package init(_ store: LedgerStore) { self.store = store }

    /// A page of reports, newest first.
    package struct Page: Sendable {
        package let reports: [ReportRecord]
        package let nextCursor: String?
    }

    /// One report and a page of its rows.
    package struct WithRows: Sendable {
        package let record: ReportRecord
        package let rows: [ReportRow]
        package let nextCursor: String?
    }

    /// The reports that `filter` means, newest first.
    package func page(
        of ledger: StoredLedger, _ filter: ReportFilter, limit: Int, cursor text: String?
    ) async throws(StoreError) -> Page {
        let cursor = ListingCursor("dmarc-reports", filter: filter.members, of: ledger)
        let start = try text.map { (text) throws(StoreError) in try cursor.position(in: text) }
        let before: Statement = start.map { " AND r.seq <= \($0)" } ?? ""
        let found = try await records(
            of: ledger, "\(fragment: filter.condition(ledger))\(fragment: before)", limit: limit + 1)
        let next = found.count > limit ? found.last.map { cursor.text(at: $0.seq) } : nil
        return Page(reports: Array(found.prefix(limit)), nextCursor: next)
    }

    /// The report at `seq` with a page of its rows, or nil if there is none.
    package func report(
        of ledger: StoredLedger, seq: Int, limit: Int, cursor text: String?
    ) async throws(StoreError) -> WithRows? {
        let cursor = ListingCursor("dmarc-report-rows", filter: [.init("seq", .integer(seq))], of: ledger)
        let start = try text.map { (text) throws(StoreError) in try cursor.position(in: text) } ?? 0
        guard let record = try await record(of: ledger, seq: seq) else { return nil }
        let rows = try await store.read { connection, deadline in
            try await connection.query(
                """
                SELECT \(fragment: ReportRow.columns) FROM countersign.dmarc_report_rows w
                WHERE w.ledger_id = \(ledger.id) AND w.row >= \(Int32(clamping: start)) AND w.upload = (
                    SELECT upload FROM countersign.dmarc_reports WHERE ledger_id = \(ledger.id) AND seq = \(seq)
                )
                ORDER BY w.row LIMIT \(limit + 1)
                """, deadline: deadline
            ).map { try ReportRow($0) }
        }
        let next = rows.count > limit ? rows.last.map { cursor.text(at: $0.index) } : nil
        return WithRows(record: record, rows: Array(rows.prefix(limit)), nextCursor: next)
    }

    /// The report of the entry at `seq`; nil where no report stands there.
    func record(of ledger: StoredLedger, seq: Int) async throws(StoreError) -> ReportRecord? {
        try await records(of: ledger, "r.seq = \(seq)", limit: 1).first
    }

    /// The reports `r` that a condition means, newest first.
    private func records(
        of ledger: StoredLedger, _ condition: Statement, limit: Int
    ) async throws(StoreError) -> [ReportRecord] {
        try await store.read { connection, deadline in
            try await connection.query(
                """
                SELECT r.seq, e.line, r.report IS NOT NULL, coalesce(\(fragment: ReportVersions.counts(ledger)), false),
                    \(fragment: ReportVersions.number(ledger)), \(fragment: ReportVersions.differs(ledger))
                FROM (
                    SELECT r.seq, r.report, r.trust, r.rows_sha256 FROM countersign.dmarc_reports r
                    WHERE r.ledger_id = \(ledger.id) AND \(fragment: condition) ORDER BY r.seq DESC LIMIT \(limit)
                ) r CROSS JOIN LATERAL (
                    SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = r.seq LIMIT 1
                ) e
                ORDER BY r.seq DESC
                """, deadline: deadline
            ).map { row in
                let standing = try ReportStanding(
                    isCounted: row.bool(3), version: row.int(4, in: Entry.seqs), differs: row.bool(5))
                return try ReportRecord(
                    seq: row.int(0, in: Entry.seqs), line: row.text(1), standing: row.bool(2) ? standing : nil)
            }
        }
    }
}
