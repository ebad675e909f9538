import Cryptography
import Ledger
package import LedgerStore
import Postgres

/// Whether the tables of reports still say what the entries say: their rows by the digest in the line, and the columns
/// that follow from it. That the lines themselves stand unchanged is what `verify` says.
package struct ReportCheck: Sendable {
    /// What is wrong with the report at `seq`.
    package struct Finding: Sendable {
        package let seq: Int
        package let reason: String
    }

    package private(set) var reports = 0
    package private(set) var rows = 0
    package private(set) var findings: [Finding] = []

    mutating func add(_ seq: Int, rows count: Int, _ reason: String?) {
        reports += 1
        rows += count
        if let reason { findings.append(Finding(seq: seq, reason: reason)) }
    }
}

extension StoredReports {
    private static let checkedReportsMax = 200
    private static let checkedRowsMax = 5_000

    /// Reads every report of the ledger, with all its rows, and compares it with its entry.
    ///
    /// - Parameters:
    ///   - size: entries from this one on are left out; nil for none.
    ///   - progress: is told how many reports are done.
    package func check(
        _ ledger: StoredLedger, upTo size: Int? = nil, progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(StoreError) -> ReportCheck {
        var check = ReportCheck()
        var next = 0
        while true {
            let stored = try await storedReports(of: ledger, next..<(size ?? .max))
            for report in stored {
                let (reason, rows) = try await difference(of: report, ledger)
                check.add(report.seq, rows: rows, reason)
                progress(check.reports)
            }
            guard let last = stored.last else { return check }
            next = last.seq + 1
        }
    }

    private struct Stored: Sendable {
        let seq: Int
        let upload: Int64?
        /// What the columns say, as the line's members say it.
        let columns: [(name: String, value: JSONValue?)]
        /// What versions of the report are found by.
        let tag: [UInt8]?
        /// Nil where there is no such entry.
        let line: String?
    }

    private func storedReports(of ledger: StoredLedger, _ seqs: Range<Int>) async throws(StoreError) -> [Stored] {
        try await store.read { connection, deadline in
            try await connection.query(
                """
                SELECT r.seq, r.upload, r.trust, r.receiver, r.org_name, r.report_id, r.policy_domain,
                    encode(r.rows_sha256, 'hex'), r.outcome, r.begins, r.ends, r.records, r.messages, r.aligned,
                    r.receiver_claimed, r.report, e.line
                FROM countersign.dmarc_reports r LEFT JOIN LATERAL (
                    SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = r.seq LIMIT 1
                ) e ON true
                WHERE r.ledger_id = \(ledger.id) AND r.seq >= \(seqs.lowerBound) AND r.seq < \(seqs.upperBound)
                ORDER BY r.seq LIMIT \(Self.checkedReportsMax)
                """, deadline: deadline
            ).map { row in
                let texts = try [
                    "trust", "receiver", "org_name", "report_id", "policy_domain", "rows_sha256", "outcome",
                ].enumerated().map {
                    (name: $1, value: try row.textIfPresent(.index($0 + 2)).map(JSONValue.string))
                }
                let numbers = try ["begin", "end", "records", "messages", "aligned"].enumerated().map {
                    (
                        name: $1,
                        value: try row.intIfPresent(.index($0 + 9), clampedTo: Entry.claimedSeqs).map(JSONValue.integer)
                    )
                }
                let isClaimed = try row.boolIfPresent(14).map(JSONValue.bool)
                return Stored(
                    seq: try row.int(0, clampedTo: Entry.claimedSeqs), upload: try row.idIfPresent(1),
                    columns: texts + numbers + [("receiver_claimed", isClaimed)], tag: try row.bytesIfPresent(15),
                    line: try row.textIfPresent(16))
            }
        }
    }

    /// What differs first, and how many rows there are.
    private func difference(
        of stored: Stored, _ ledger: StoredLedger
    ) async throws(StoreError) -> (reason: String?, rows: Int) {
        guard let line = stored.line, let record = try? ReportRecord(seq: stored.seq, line: line) else {
            return ("no entry of a report stands there", 0)
        }
        for column in stored.columns {
            let wanted = column.name == "outcome" ? .string(record.outcome) : record[column.name]
            if wanted.map(CanonicalWriter.bytes(of:)) != column.value.map(CanonicalWriter.bytes(of:)) {
                return ("the column of \(column.name) is not what the entry says", 0)
            }
        }
        if stored.tag != ReportName(record)?.tag { return ("it is found as another report than the entry says", 0) }
        guard let upload = stored.upload else {
            return (record["rows_sha256"] == nil ? nil : "its row names no rows, and the entry does", 0)
        }
        var hash = IncrementalSHA256()
        var (count, areSignersRight) = (0, true)
        while true {
            let page = try await rows(of: upload, from: count, ledger)
            for (row, hasRightSigners) in page {
                guard let row else { return ("a row cannot be read, or is not in canonical form", count) }
                guard row.index == count else { return ("a row is missing, or has another number", count) }
                hash.update((row.json + [0x0A]).span)
                areSignersRight = areSignersRight && hasRightSigners
                count += 1
            }
            if page.count < Self.checkedRowsMax { break }
        }
        guard record["rows_sha256"]?.text == hash.digest.hex else {
            return ("its rows are not those of the entry", count)
        }
        return (areSignersRight ? nil : "the signers of a row are not those of its results", count)
    }

    private func rows(
        of upload: Int64, from index: Int, _ ledger: StoredLedger
    ) async throws(StoreError) -> [(ReportRow?, hasRightSigners: Bool)] {
        try await store.read { connection, deadline in
            try await connection.query(
                """
                SELECT \(fragment: ReportRow.columns), w.signers FROM countersign.dmarc_report_rows w
                WHERE w.ledger_id = \(ledger.id) AND w.upload = \(upload) AND w.row >= \(Int32(clamping: index))
                ORDER BY w.row LIMIT \(Self.checkedRowsMax)
                """, deadline: deadline
            ).map { row in
                guard let read = try? ReportRow(row), try Self.isCanonical(row.textIfPresent(10)),
                    try Self.isCanonical(row.textIfPresent(11))
                else { return (nil, false) }
                let results = try row.textIfPresent(10).flatMap { try? JSONReader.read(Array($0.utf8)) }
                let signatures = (results?["dkim"]?.elements ?? []).filter { $0["result"]?.text == "pass" }
                    .map { ($0["selector"]?.text, $0["domain"]?.text) }
                let signers = try row.textIfPresent(5) == "pass" ? ReportRow.signers(signatures) : nil
                return (read, try row.textIfPresent(12) == signers)
            }
        }
    }

    /// Whether the text is one JSON value as it is written here: else parts of it could stand for other columns.
    private static func isCanonical(_ text: String?) -> Bool {
        guard let text else { return true }
        guard let json = try? JSONReader.read(Array(text.utf8)) else { return false }
        return CanonicalWriter.bytes(of: json).elementsEqual(text.utf8)
    }
}
