import Cryptography
import MailAuthentication
import Postgres

/// All rows of one report, laid out for COPY, with what is said of them as a whole.
struct ReportRows: Sendable {
    /// The table, and its columns in the order of ``columns(ledgerID:upload:)``.
    static let copyStatement: Statement = """
        COPY countersign.dmarc_report_rows (
            ledger_id, upload, row, source_ip, source_text, count, disposition, dkim, spf, header_from, envelope_from,
            envelope_to, auth_results, reasons, signers
        ) FROM STDIN (FORMAT binary)
        """

    /// The SHA-256 of the rows' canonical JSON, each ended by a line feed, in their order.
    var digest: Digest { hash.digest }
    /// Messages that passed DMARC, as the report says: DKIM or SPF passed aligned.
    private(set) var alignedCount: Int64 = 0
    /// Messages by what was done with them; `unknown` where the report does not say.
    var dispositions: [(name: String, count: Int64)] {
        counts.map { disposition, count in (disposition?.rawValue ?? "unknown", count) }
    }

    private var counts: [AggregateReport.Disposition?: Int64] = [:]
    private var hash = IncrementalSHA256()
    private var row = ColumnValues(of: Int32.self)
    private var source = ColumnValues(of: PostgresAddress.self)
    private var sourceText = ColumnValues(of: String.self)
    private var count = ColumnValues(of: Int64.self)
    private var disposition = ColumnValues(of: String.self)
    private var dkim = ColumnValues(of: String.self)
    private var spf = ColumnValues(of: String.self)
    private var headerFrom = ColumnValues(of: String.self)
    private var envelopeFrom = ColumnValues(of: String.self)
    private var envelopeTo = ColumnValues(of: String.self)
    private var authResults = ColumnValues(of: String.self)
    private var reasons = ColumnValues(of: String.self)
    private var signers = ColumnValues(of: String.self)

    /// - Parameter isLaidOut: whether there will be a COPY; else only what is said of the rows as a whole is wanted.
    init(_ report: AggregateReport, isLaidOut: Bool = true) {
        var line: [UInt8] = []
        for (index, row) in report.rows.enumerated() {
            // No sum overflows: all messages together are at most 2^53 - 1.
            if row.dkim == .pass || row.spf == .pass { alignedCount += row.count }
            counts[row.disposition, default: 0] += row.count
            let columns = ReportRow.Columns(row)
            Self.write(columns, into: &line)
            hash.update(line.span)
            guard isLaidOut else { continue }
            append(columns, index: index)
            let signatures = row.dkimResults.lazy.filter { $0.result == .pass }.map { ($0.selector, $0.domain) }
            signers.append(row.dkim == .pass ? ReportRow.signers(signatures) : nil)
        }
    }

    /// The digest of the rows of `report` alone.
    static func digest(of report: AggregateReport) -> Digest { ReportRows(report, isLaidOut: false).digest }

    /// Writes what is hashed of a row in place of what is in `line`, which keeps its room.
    private static func write(_ columns: ReportRow.Columns, into line: inout [UInt8]) {
        line.removeAll(keepingCapacity: true)
        ReportRow.append(columns, to: &line)
        line.append(0x0A)
    }

    private mutating func append(_ columns: ReportRow.Columns, index: Int) {
        row.append(Int32(index))
        source.append(columns.source.flatMap { PostgresAddress($0.bytes) })
        sourceText.append(columns.sourceText)
        count.append(columns.count)
        disposition.append(columns.disposition)
        dkim.append(columns.dkim)
        spf.append(columns.spf)
        headerFrom.append(columns.headerFrom)
        envelopeFrom.append(columns.envelopeFrom)
        envelopeTo.append(columns.envelopeTo)
        if let results = columns.authResults { authResults.append(text: results) } else { authResults.appendNull() }
        if let texts = columns.reasons { reasons.append(text: texts) } else { reasons.appendNull() }
    }

    /// The columns of ``copyStatement``, for the rows of `upload`.
    func columns(ledgerID: Int64, upload: Int64) -> [ColumnValues] {
        var (ledgers, uploads) = (ColumnValues(of: Int64.self), ColumnValues(of: Int64.self))
        for _ in 0..<row.count {
            ledgers.append(ledgerID)
            uploads.append(upload)
        }
        return [
            ledgers, uploads, row, source, sourceText, count, disposition, dkim, spf, headerFrom, envelopeFrom,
            envelopeTo, authResults, reasons, signers,
        ]
    }
}
