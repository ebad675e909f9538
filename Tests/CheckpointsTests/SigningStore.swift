import Checkpoints
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

/// A store on a fresh database with one ledger that has a key and a guard in a folder of its own.
struct SigningStore: Sendable {
    let store: LedgerStore
    let ledger: StoredLedger
    let folders: SigningFolders
    let observations: Observations
    /// As the superuser.
    let target: ConnectionTarget
    let master: SecretKey

    static let reporter = Reporter(id: "test", via: .operator)
    static var soon: ContinuousClock.Instant { .now + .seconds(20) }

    static func run(_ body: @escaping @Sendable (SigningStore) async throws -> Void) async throws {
        let target = try await TestCluster.shared.makeDatabase()
        let connection = try await Connection.open(target, deadline: soon)
        _ = try await connection.execute(script: Migration.roles, deadline: soon)
        let observations = Observations()
        _ = try await Migrator(connection, observer: observations).migrate()
        await connection.close()
        var restricted = target
        restricted.set("role", to: "countersign_app")
        let folder = FileManager.default.temporaryDirectory.appending(path: "signing-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let folders = SigningFolders(keys: KeyFolder("\(folder)/keys"), guards: GuardFolder("\(folder)/guard"))
        let master = SecretKey.random()
        let store = LedgerStore(
            target: restricted, master: .success(master), observer: observations, fence: folders.guards,
            lookPause: .seconds(3_600), clock: now)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await store.run() }
            let (ledger, _) = try await folders.createLedger(
                try Origin("acme.example/mail"), in: store, reporter: reporter, deadline: soon)
            try await body(
                SigningStore(
                    store: store, ledger: ledger, folders: folders, observations: observations, target: target,
                    master: master))
            tasks.cancelAll()
        }
    }

    @Sendable static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// As the service.
    var restrictedTarget: ConnectionTarget {
        var restricted = target
        restricted.set("role", to: "countersign_app")
        return restricted
    }

    var signer: CheckpointSigner {
        CheckpointSigner(
            store: store, keys: folders.keys, guards: folders.guards, observer: observations, clock: Self.now)
    }

    /// Runs `body` with another process's store on the same database; its connections are all new.
    func withAnotherProcess(_ body: @Sendable (SigningStore) async throws -> Void) async throws {
        let other = LedgerStore(
            target: restrictedTarget, master: .success(master), observer: observations, fence: folders.guards,
            lookPause: .seconds(3_600), clock: Self.now)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await other.run() }
            try await body(
                SigningStore(
                    store: other, ledger: ledger, folders: folders, observations: observations, target: target,
                    master: master))
            tasks.cancelAll()
        }
    }

    /// Appends so many entries in one request.
    @discardableResult
    func append(_ count: Int = 1) async throws -> [Placed] {
        let items = try (0..<count).map { _ in
            AppendUnit.Item(
                try Draft(
                    Event(kind: .send, outcome: "sent"), origin: ledger.origin, reporter: Self.reporter,
                    random: Random.bytes), keys: ledger.keys)
        }
        return try await store.append(AppendUnit(items), to: ledger, deadline: Self.soon)
    }

    /// Runs statements as the superuser, whom no trigger holds back.
    func asSuperuser(_ statements: Statement...) async throws {
        let connection = try await Connection.open(target, deadline: Self.soon)
        _ = try await connection.query("SET session_replication_role = replica", deadline: Self.soon)
        for statement in statements { _ = try await connection.query(statement, deadline: Self.soon) }
        await connection.close()
    }

    /// The public keys that entries name.
    func keys() async throws -> [NoteKey] { try await store.signingKeys(of: ledger) }

    func requireIntact() async throws {
        let report = try await store.verify(ledger)
        #expect(report.isIntact, "\(report.findings)")
    }
}

/// Keeps what was observed.
final class Observations: Observer {
    private let list = Mutex<[Observation]>([])

    func observe(_ observation: Observation) { list.withLock { $0.append(observation) } }

    var all: [Observation] { list.withLock { $0 } }
}
