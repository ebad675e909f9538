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
        let found = try await store.read { connection, deadline in
            let before: Statement = start.map { " AND r.seq <= \($0)" } ?? ""
            let rows = try await connection.query(
                """
                SELECT found.seq, e.line
                FROM (
                    SELECT r.seq FROM countersign.dmarc_reports r
                    WHERE \(fragment: filter.condition(ledger))\(fragment: before)
                    ORDER BY r.seq DESC LIMIT \(limit + 1)
                ) found CROSS JOIN LATERAL (
                    SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = found.seq LIMIT 1
                ) e
                ORDER BY found.seq DESC
                """, deadline: deadline)
            return try rows.map { row in try ReportRecord(seq: row.int(0, in: Entry.seqs), line: row.text(1)) }
        }
        let next = found.count > limit ? found.last.map { cursor.text(at: $0.seq) } : nil
        return Page(reports: Array(found.prefix(limit)), nextCursor: next)
    }

    /// The report at `seq` with a page of its rows, or nil if there is none.
    package func report(
        of ledger: StoredLedger, seq: Int, limit: Int, cursor text: String?
    ) async throws(StoreError) -> WithRows? {
        let cursor = ListingCursor("dmarc-report-rows", filter: [.init("seq", .integer(seq))], of: ledger)
        let start = try text.map { (text) throws(StoreError) in try cursor.position(in: text) } ?? 0
        guard let line = try await line(of: seq, ledger) else { return nil }
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
        return WithRows(
            record: try ReportRecord(seq: seq, line: line), rows: Array(rows.prefix(limit)), nextCursor: next)
    }

    /// The line of the report's entry; nil where no report stands at `seq`.
    private func line(of seq: Int, _ ledger: StoredLedger) async throws(StoreError) -> String? {
        try await store.read { connection, deadline in
            try await connection.query(
                """
                SELECT e.line FROM countersign.dmarc_reports r CROSS JOIN LATERAL (
                    SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = r.seq LIMIT 1
                ) e
                WHERE r.ledger_id = \(ledger.id) AND r.seq = \(seq)
                """, deadline: deadline
            ).oneIfPresent().map { try $0.text(0) }
        }
    }
}
