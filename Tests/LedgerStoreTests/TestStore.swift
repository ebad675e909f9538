import Cryptography
import FoundationEssentials
import Glibc
import Ledger
import LedgerStore
import Observation
import Postgres
import PostgresTesting
import Synchronization
import Testing

/// A store on a fresh database of the test cluster, with one ledger.
struct TestStore: Sendable {
    let store: LedgerStore
    let ledger: StoredLedger
    let target: ConnectionTarget
    let master: SecretKey
    let observations: Observations
    /// Between the store and the database, where a test asked for it.
    let proxy: CuttingProxy?

    /// Runs `body` with a store that serves, and checks the whole ledger afterwards.
    static func run(
        clockRule: ClockRule = .standard, throughProxy: Bool = false,
        _ body: @escaping @Sendable (TestStore) async throws -> Void
    ) async throws {
        var target = try await TestCluster.shared.makeDatabase()
        let connection = try await Connection.open(target, deadline: .now + .seconds(10))
        _ = try await connection.execute(script: Migration.roles, deadline: soon)
        let observations = Observations()
        _ = try await Migrator(connection, observer: observations).migrate()
        await connection.close()
        let proxy = throughProxy ? try CuttingProxy(to: TestCluster.shared) : nil
        defer { proxy?.close() }
        if let proxy { target = proxy.target(to: target) }
        target.set("role", to: "countersign_app")
        let master = SecretKey.random()
        let store = LedgerStore(
            target: target, master: .success(master), observer: observations, clockRule: clockRule,
            lookPause: Self.noLook, clock: now)
        try await withThrowingTaskGroup(of: Void.self) { [target] tasks in
            tasks.addTask { await store.run() }
            let (ledger, _) = try await store.createLedger(
                try Origin("acme.example/mail"), reporter: operatorReporter, deadline: soon)
            let test = TestStore(
                store: store, ledger: ledger, target: target, master: master, observations: observations, proxy: proxy)
            do {
                try await body(test)
            } catch let error as StoreError where error.code == .halted {
                Issue.record("halted: \(try await store.haltReason(of: ledger) ?? "not in the database")")
                throw error
            }
            let report = try await store.verify(ledger)
            #expect(report.isIntact, "\(report.findings)")
            tasks.cancelAll()
        }
    }

    /// A test says itself when an instance looks at what it answered.
    static let noLook = Duration.seconds(3_600)
    static let operatorReporter = Reporter(id: "test", via: .operator)
    static var soon: ContinuousClock.Instant { .now + .seconds(20) }

    @Sendable static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// A unit of events written as JSON, as the server would make it.
    func unit(
        _ elements: [String], batchKey: String? = nil, by reporter: String = "test"
    ) throws -> AppendUnit {
        let scope = IdempotencyKey.Scope.entries(producer: "test")
        let batchTag = try batchKey.map { ledger.keys.idempotencyTag(of: try IdempotencyKey($0), scope: scope) }
        return try AppendUnit(
            elements.map { text in
                let json = try JSONReader.read(Array(text.utf8))
                let (event, key) = try Event.read(json, via: .ingest)
                let draft = try Draft(
                    event, origin: ledger.origin, reporter: Reporter(id: reporter, via: .ingest),
                    idempotencyTag: batchTag ?? key.map { ledger.keys.idempotencyTag(of: $0, scope: scope) },
                    random: Random.bytes)
                return AppendUnit.Item(
                    draft, requestTag: ledger.keys.requestTag(of: CanonicalWriter.bytes(of: json)), keys: ledger.keys)
            },
            key: batchTag.map { .init(tag: $0, requestTag: ledger.keys.requestTag(of: Array(elements.joined().utf8))) })
    }

    /// Grants a token, as an operator does.
    func grantToken(
        _ terms: TokenTerms = TokenTerms(name: "t", scopes: [.ingest])
    ) async throws -> (token: BearerToken, grant: TokenGrant, seq: Int) {
        try await store.grantToken(of: ledger, terms, reporter: Self.operatorReporter, deadline: Self.soon)
    }

    @discardableResult
    func append(_ elements: String...) async throws -> [Placed] {
        try await store.append(try unit(elements), to: ledger, deadline: Self.soon)
    }

    /// Runs `body` with another instance on the same database.
    func withSecondInstance(
        clockRule: ClockRule = .standard, lookPause: Duration = TestStore.noLook,
        clock: @escaping @Sendable () -> Timestamp = TestStore.now, _ body: (TestStore) async throws -> Void
    ) async throws {
        let other = LedgerStore(
            target: target, master: .success(master), observer: observations, clockRule: clockRule,
            lookPause: lookPause, clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await other.run() }
            try await body(
                TestStore(
                    store: other, ledger: ledger, target: target, master: master, observations: observations,
                    proxy: nil))
            tasks.cancelAll()
        }
    }

    /// The places that writers working at once get for their requests, one after the other each.
    func appendFromManyWriters(
        writers: Int, each count: Int, _ element: @escaping @Sendable (_ writer: Int, _ number: Int) -> String
    ) async throws -> [Int] {
        try await withThrowingTaskGroup(of: [Int].self) { tasks in
            for writer in 0..<writers {
                tasks.addTask {
                    var seqs: [Int] = []
                    for number in 0..<count { seqs += try await append(element(writer, number)).map(\.seq) }
                    return seqs
                }
            }
            var all: [Int] = []
            for try await seqs in tasks { all += seqs }
            return all
        }
    }
}

/// Keeps what was observed.
final class Observations: Observer {
    private let list = Mutex<[Observation]>([])

    func observe(_ observation: Observation) {
        list.withLock { $0.append(observation) }
    }

    var all: [Observation] { list.withLock { $0 } }
}
