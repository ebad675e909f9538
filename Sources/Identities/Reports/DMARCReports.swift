import Cryptography
package import Ledger
package import LedgerStore
package import MailAuthentication
import Postgres

/// Takes in DMARC aggregate reports: once each, as claims of their submitters.
///
/// A report is one entry of kind `report` and, unless it was rejected, rows in a table. The rows are written first, by
/// one COPY in a transaction of its own under a number that nobody else has, and nobody sees them until the entry, in
/// whose transaction a row of `dmarc_reports` names that number. So the ledger's lock is never held for rows. Where the
/// entry does not follow (the service stopped, or the same report came twice at once), the rows stay behind unseen;
/// sql/0007_dmarc_reports.sql says how their owner takes them away.
package struct DMARCReports: Sendable {
    /// What the mail that carries a report is: its own check, with the look-ups that it rests on.
    package typealias CarrierCheck = (result: MessageVerification, evidence: [DNSEvidence])

    /// How many are opened and written at once by one process: a small file may hold 200,000 rows.
    private static let atOnce = 4

    private let store: LedgerStore
    private let turns = Turns(atOnce: atOnce)
    private let check: @Sendable (RawMessage) async -> CarrierCheck
    private let clock: @Sendable () -> Timestamp

    /// - Parameter check: checks the mail that carries a report; nothing is known of its transport.
    package init(
        _ store: LedgerStore, clock: @escaping @Sendable () -> Timestamp,
        check: @escaping @Sendable (RawMessage) async -> CarrierCheck
    ) {
        self.store = store
        self.check = check
        self.clock = clock
    }

    /// Opens, reads and records a report, unless the ledger has it already. One that cannot be read is recorded as
    /// rejected. Only so many are taken at once; the others wait.
    ///
    /// - Parameter timeout: how long the append may take.
    package func receive(
        _ bytes: [UInt8], label: IncomingReport.Label, into ledger: StoredLedger, reporter: Reporter, timeout: Duration
    ) async throws -> ReceivedReport {
        try await turns.take {
            try await receive(
                IncomingReport(bytes, label: label), into: ledger, reporter: reporter, timeout: timeout)
        }
    }

    private func receive(
        _ incoming: IncomingReport, into ledger: StoredLedger, reporter: Reporter, timeout: Duration
    ) async throws -> ReceivedReport {
        try store.requireKeys(of: ledger)
        let tag = ledger.keys.idempotencyTag(of: try incoming.key(), scope: .dmarcReports)
        if let seq = try await store.seq(ofKey: tag, in: ledger) { return try await replay(seq, incoming, ledger) }
        var carrier: CarrierCheck?
        if let mail = incoming.mail { carrier = await check(mail) }
        let rows = incoming.report.map { ReportRows($0) }
        let event = ReportEvent.event(incoming, rows, carrier: carrier)
        let draft = try Draft(
            event, origin: ledger.origin, reporter: reporter, idempotencyTag: tag, random: Random.bytes)
        var upload: Int64?
        if let rows { upload = try await write(rows, ledger) }
        let unit = AppendUnit([.init(draft, keys: ledger.keys)]) { [carrier, upload] placed in
            LedgerStore.keeping(carrier?.evidence ?? [], of: ledger)
                + placed.map { Self.reportStatement($0.seq, incoming, rows, upload: upload, ledger) }
        }
        let placed = try await store.append(unit, to: ledger, deadline: .now + timeout)[0]
        guard !placed.replayed else { return try await replay(placed.seq, incoming, ledger) }
        let record = ReportRecord(
            seq: placed.seq, recordedAt: placed.recordedAt, outcome: event.outcome, data: event.data ?? [])
        return ReceivedReport(record: record, isReplayed: false, differs: false)
    }

    /// The answer for a report that the ledger has already, at `seq`.
    private func replay(
        _ seq: Int, _ incoming: IncomingReport, _ ledger: StoredLedger
    ) async throws -> ReceivedReport {
        guard let entry = try await store.entry(of: ledger, seq: seq, disclosures: false) else {
            throw StoreError(.internal, "the entry \(seq) of a known report is missing")
        }
        let record = try ReportRecord(seq: seq, line: entry.line)
        let digest = incoming.report.map { ReportRows.digest(of: $0).hex }
        return ReceivedReport(
            record: record, isReplayed: true, differs: digest != record["rows_sha256"]?.text)
    }

    /// Writes the rows under a new number, which it returns: the second, then 30 random bits. So new rows stand at the
    /// end of their index.
    private func write(_ rows: ReportRows, _ ledger: StoredLedger) async throws(StoreError) -> Int64 {
        try await store.read { connection, deadline in
            // Drawn anew for each attempt: the one before may have been committed, its answer lost.
            let random = Random.bytes(4).reduce(Int64(0)) { $0 << 8 | Int64($1) } & (1 << 30 - 1)
            let upload = (clock().microseconds / 1_000_000) << 30 | random
            try await connection.copyIn(
                ReportRows.copyStatement, columns: rows.columns(ledgerID: ledger.id, upload: upload),
                deadline: deadline)
            return upload
        }
    }

    /// The longest beginning of what was rejected that is kept, in bytes.
    private static let headSizeMax = 65_536

    private static func reportStatement(
        _ seq: Int, _ incoming: IncomingReport, _ rows: ReportRows?, upload: Int64?, _ ledger: StoredLedger
    ) -> Statement {
        guard let report = incoming.report, let rows, let upload else {
            return """
                INSERT INTO countersign.dmarc_reports (ledger_id, seq, outcome, head)
                VALUES (\(ledger.id), \(seq), \(incoming.outcome), \(Array(incoming.bytes.prefix(headSizeMax))))
                """
        }
        return """
            INSERT INTO countersign.dmarc_reports (
                ledger_id, seq, upload, outcome, submitter, org_name, report_id, policy_domain, begins, ends, records,
                messages, aligned
            ) VALUES (
                \(ledger.id), \(seq), \(upload), \(incoming.outcome), \(report.metadata.orgNameNormalized as String?),
                \(report.metadata.orgName), \(report.metadata.reportID), \(report.policy.domain?.text as String?),
                \(report.metadata.begin), \(report.metadata.end), \(Int32(report.rows.count)), \(report.messageCount),
                \(rows.alignedCount)
            )
            """
    }
}

extension IncomingReport {
    /// The report, unless it was rejected.
    package var report: AggregateReport? {
        if case .report(let report, _) = reading { report } else { nil }
    }
}
