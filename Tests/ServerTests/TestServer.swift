import Checkpoints
import Cryptography
import Glibc
import Identities
import Ledger
import LedgerStore
import Logging
import Observation
import Postgres
import PostgresTesting
import Server
import ServiceLifecycle
import Synchronization

/// A server on a free port over a fresh database, with one ledger and its first token.
struct TestServer: Sendable {
    let port: Int
    let store: LedgerStore
    let ledger: StoredLedger
    let admin: String
    let observations: Observations
    /// The database, as the superuser.
    let target: ConnectionTarget

    /// Runs `body` while the server serves.
    static func run(
        _ configuration: ServerConfiguration = ServerConfiguration(port: 0),
        _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        let target = try await TestCluster.shared.makeDatabase()
        let connection = try await Connection.open(target, deadline: soon)
        _ = try await connection.execute(script: Migration.roles, deadline: soon)
        let observations = Observations()
        _ = try await Migrator(connection, observer: observations).migrate()
        await connection.close()
        var restricted = target
        restricted.set("role", to: "countersign_app")
        let store = LedgerStore(
            target: restricted, master: .success(SecretKey.random()), observer: observations, clock: now)
        let (addresses, listening) = AsyncStream.makeStream(of: String.self)
        let verifications = Verifications(store, names: SilentNames(), publicSuffixes: nil, clock: now)
        let checks = IdentityChecks(
            store, verifications: verifications, schedule: CheckSchedule(), observer: observations)
        let server = HTTPServer(
            store, verifications: verifications, checks: checks, receipts: Receipts(store: store, rounds: nil),
            observer: observations, configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, metrics: { "metrics 1\n" }, clock: now
        ) { address in
            listening.yield(address)
            listening.finish()
        }
        let services = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await store.run() }
            tasks.addTask { try await services.run() }
            let reporter = Reporter(id: "test", via: .operator)
            let (ledger, _) = try await store.createLedger(
                try Origin("acme.example/mail"), reporter: reporter, deadline: soon)
            let admin = try await store.grantToken(
                of: ledger, TokenTerms(name: "first", scopes: [.admin]), reporter: reporter, deadline: soon)
            let address = await addresses.first { _ in true } ?? ""
            try await body(
                TestServer(
                    port: Int(address.split(separator: ":").last ?? "") ?? 0, store: store, ledger: ledger,
                    admin: admin.token.secret, observations: observations,
                    target: target))
            await services.triggerGracefulShutdown()
            tasks.cancelAll()
        }
    }

    private static var soon: ContinuousClock.Instant { .now + .seconds(20) }

    @Sendable private static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
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
