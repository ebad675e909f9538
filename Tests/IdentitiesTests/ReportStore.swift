import Cryptography
import Glibc
import Identities
import Ledger
import LedgerStore
import MailAuthentication
import Observation
import Postgres
import PostgresTesting
import Testing

/// A store on a fresh database of the test cluster with one ledger that takes in reports. No mail is checked.
struct ReportStore: Sendable {
    let store: LedgerStore
    let ledger: StoredLedger
    /// The database, as the superuser.
    let target: ConnectionTarget
    let proxy: CuttingProxy?

    var reports: DMARCReports {
        DMARCReports(store, rules: ReceiverRules(publicSuffixes: nil), clock: Self.now) { mail in
            let resolver = EvaluationResolver(NoNames())
            let verifier = MessageVerifier(resolver: resolver, publicSuffixes: nil, keys: DKIMKeyCache())
            return (await verifier.verify(mail, MessageEnvelope(), asOf: Self.now()), resolver.evidence)
        }
    }

    var stored: StoredReports { StoredReports(store) }

    /// Runs `body` with a store that serves, and checks the whole ledger afterwards, unless it does not stay intact.
    static func run(
        throughProxy: Bool = false, staysIntact: Bool = true,
        _ body: @escaping @Sendable (ReportStore) async throws -> Void
    ) async throws {
        let target = try await TestCluster.shared.makeDatabase()
        let connection = try await Connection.open(target, deadline: soon)
        _ = try await connection.execute(script: Migration.roles, deadline: soon)
        _ = try await Migrator(connection, observer: Silence()).migrate()
        await connection.close()
        let proxy = throughProxy ? try CuttingProxy(to: TestCluster.shared) : nil
        defer { proxy?.close() }
        var restricted = proxy?.target(to: target) ?? target
        restricted.set("role", to: "countersign_app")
        let store = LedgerStore(
            target: restricted, master: .success(SecretKey.random()), observer: Silence(), clock: now)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await store.run() }
            let test = ReportStore(
                store: store, ledger: try await makeLedger("acme.example/mail", in: store), target: target, proxy: proxy
            )
            try await body(test)
            // No entry made them.
            _ = try await test.sql(pastTriggers, then: "DELETE FROM countersign.identities")
            let verdict = try await store.verify(test.ledger)
            #expect(verdict.isIntact || !staysIntact, "\(verdict.findings)")
            tasks.cancelAll()
        }
    }

    static func makeLedger(_ origin: String, in store: LedgerStore) async throws -> StoredLedger {
        try await store.createLedger(
            try Origin(origin), reporter: Reporter(id: "test", via: .operator), deadline: soon
        ).ledger
    }

    /// What becomes of a report that is handed in.
    @discardableResult
    func receive(
        _ text: String, by bringer: ReportTrust = .admin, into ledger: StoredLedger? = nil
    ) async throws -> ReceivedReport {
        try await reports.receive(
            Array(text.utf8), label: .octets, into: ledger ?? self.ledger,
            reporter: Reporter(id: "tok_test", via: .service), bringer: bringer, timeout: .seconds(20))
    }

    /// The answer to the last statement of a superuser's session.
    func sql(_ first: Statement, then second: Statement? = nil) async throws -> Rows {
        try await Connection.with(target, deadline: Self.soon) { connection in
            let rows = try await connection.query(first, deadline: Self.soon)
            guard let second else { return rows }
            return try await connection.query(second, deadline: Self.soon)
        }
    }

    /// An identity as its owner set it.
    func setIdentity(_ name: String, _ settings: String) async throws {
        _ = try await sql(
            Self.pastTriggers,
            then: """
                INSERT INTO countersign.identities (ledger_id, identity, settings, set_seq, due_at)
                VALUES (\(ledger.id), \(name), \(settings), 0, now())
                """)
    }

    /// From here on no trigger holds a superuser's session back.
    static let pastTriggers: Statement = "SET session_replication_role = replica"

    static var soon: ContinuousClock.Instant { .now + .seconds(30) }

    @Sendable static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

private struct Silence: Observer {
    func observe(_ observation: Observation) {}
}

/// A name system that never answers.
private struct NoNames: EvidenceSource {
    func evidence(of question: Question) async -> DNSEvidence {
        DNSEvidence(
            question, .init(kind: "none", version: "1", upstream: []),
            .init(askedAt: Timestamp(microseconds: 0), answeredAt: Timestamp(microseconds: 0)))
    }
}
