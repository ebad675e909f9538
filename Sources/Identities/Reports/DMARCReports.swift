import Cryptography
package import Ledger
package import LedgerStore
package import MailAuthentication
import Postgres

/// Takes in DMARC aggregate reports: once each, as claims, and says whose (``ReportWord``).
///
/// A report is one entry of kind `report` and, unless it was rejected, rows in a table. The rows are written first, by
/// one COPY in a transaction of its own under a number that nobody else has, and nobody sees them until the entry, in
/// whose transaction a row of `dmarc_reports` names that number. So the ledger's lock is never held for rows. Where the
/// entry does not follow (the service stopped, or the same report came twice at once), the rows stay behind unseen;
/// sql/0007_dmarc_reports.sql says how their owner takes them away.
package struct DMARCReports: Sendable {
    /// What the mail that carries a report is: its own check, with the look-ups that it rests on.
    package typealias CarrierCheck = (result: MessageVerification, evidence: [DNSEvidence])

    /// The name system may leave questions about one mail unanswered for as long as a check lasts. Whoever waits for
    /// it holds up nobody else, and of one ledger only so many wait.
    private let checks = Turns(atOnce: .max, ofLedgerAtOnce: 16, ofLedgerWaiting: 16)
    /// A small file may hold 200,000 rows: so many are opened and written at once by one process, and one ledger never
    /// takes all of it. Nobody waits for the name system here.
    private let turns = Turns(atOnce: 4, ofLedgerAtOnce: 3, ofLedgerWaiting: 16)
    private let store: LedgerStore
    private let rules: ReceiverRules
    private let check: @Sendable (RawMessage) async -> CarrierCheck
    private let clock: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - rules: how a report is attributed to a receiver.
    ///   - check: checks the mail that carries a report; nothing is known of its transport.
    package init(
        _ store: LedgerStore, rules: ReceiverRules, clock: @escaping @Sendable () -> Timestamp,
        check: @escaping @Sendable (RawMessage) async -> CarrierCheck
    ) {
        self.store = store
        self.rules = rules
        self.check = check
        self.clock = clock
    }

    /// Opens, reads and records a report, unless the ledger has it already. One that cannot be read is recorded as
    /// rejected.
    ///
    /// - Parameters:
    ///   - bringer: what the word of whoever hands it in is worth: `operator`, `admin`, `token` or `unverified`.
    ///   - timeout: how long the append may take.
    /// - Throws: `busy` where too many reports of the ledger wait already.
    package func receive(
        _ bytes: [UInt8], label: IncomingReport.Label, into ledger: StoredLedger, reporter: Reporter,
        bringer: ReportTrust, timeout: Duration
    ) async throws -> ReceivedReport {
        try store.requireKeys(of: ledger)
        var carrier: CarrierCheck?
        if let mail = IncomingReport.mail(in: bytes, label: label) {
            carrier = try await checks.take(ledger.id) { await check(mail) }
        }
        return try await turns.take(ledger.id) { [carrier] in
            try await record(
                IncomingReport(bytes, label: label), carrier, bringer, into: ledger, reporter: reporter,
                timeout: timeout)
        }
    }

    private func record(
        _ incoming: IncomingReport, _ carrier: CarrierCheck?, _ bringer: ReportTrust, into ledger: StoredLedger,
        reporter: Reporter, timeout: Duration
    ) async throws -> ReceivedReport {
        let rows = incoming.report.map { ReportRows($0) }
        let word = incoming.report.map { ReportWord($0, carrier: carrier?.result, bringer: bringer, rules) }
        let tag = ledger.keys.idempotencyTag(of: try incoming.key(rows, word), scope: .dmarcReports)
        if let seq = try await store.seq(ofKey: tag, in: ledger) {
            return ReceivedReport(record: try await stored(seq, ledger), isReplayed: true)
        }
        let event = ReportEvent.event(incoming, rows, carrier: carrier, word: word)
        let draft = try Draft(
            event, origin: ledger.origin, reporter: reporter, idempotencyTag: tag, random: Random.bytes)
        var upload: Int64?
        if let rows { upload = try await write(rows, ledger) }
        let unit = AppendUnit([.init(draft, keys: ledger.keys)]) { [carrier, upload] placed in
            LedgerStore.keeping(carrier?.evidence ?? [], of: ledger)
                + placed.map { Self.reportStatement($0.seq, incoming, rows, word, upload: upload, ledger) }
        }
        let placed = try await store.append(unit, to: ledger, deadline: .now + timeout)[0]
        do {
            return ReceivedReport(record: try await stored(placed.seq, ledger), isReplayed: placed.replayed)
        } catch {
            // It is recorded, and only how it stands could not be asked.
            throw StoreError(error.code, error.reason, committed: .unknown)
        }
    }

    /// The report at `seq`, which the ledger has.
    private func stored(_ seq: Int, _ ledger: StoredLedger) async throws(StoreError) -> ReportRecord {
        guard let record = try await StoredReports(store).record(of: ledger, seq: seq) else {
            throw StoreError(.internal, "the entry \(seq) of a known report is missing")
        }
        return record
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
        _ seq: Int, _ incoming: IncomingReport, _ rows: ReportRows?, _ word: ReportWord?, upload: Int64?,
        _ ledger: StoredLedger
    ) -> Statement {
        guard let report = incoming.report, let rows, let word, let upload else {
            return """
                INSERT INTO countersign.dmarc_reports (ledger_id, seq, outcome, head)
                VALUES (\(ledger.id), \(seq), \(incoming.outcome), \(Array(incoming.bytes.prefix(headSizeMax))))
                """
        }
        return """
            INSERT INTO countersign.dmarc_reports (
                ledger_id, seq, upload, outcome, trust, receiver, receiver_claimed, report, org_name, report_id,
                policy_domain, begins, ends, records, messages, aligned, rows_sha256
            ) VALUES (
                \(ledger.id), \(seq), \(upload), \(incoming.outcome), \(word.trust.rawValue),
                \(word.receiver?.text as String?), \(word.isClaimed), \(ReportName(report, word.receiver).tag),
                \(report.metadata.orgName), \(report.metadata.reportID), \(report.policy.domain?.text as String?),
                \(report.metadata.begin), \(report.metadata.end), \(Int32(report.rows.count)), \(report.messageCount),
                \(rows.alignedCount), \(rows.digest.bytes)
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
