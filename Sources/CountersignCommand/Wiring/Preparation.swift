import EmbeddedPostgres
import LedgerStore
import Observation
import Postgres

/// Brings a database to where ledgers can live in it: roles, schema, master secret. Doing it again changes nothing.
struct Preparation: Sendable {
    private static let timeout = Duration.seconds(60)
    private static let attemptsMax = 5

    private let location: DatabaseLocation
    private let observer: any Observer

    init(_ location: DatabaseLocation, observer: any Observer) {
        self.location = location
        self.observer = observer
    }

    /// All of it. The master secret is made only where no ledger exists that another one was made for.
    func prepare() async throws {
        if location.directory != nil { try await migrate() }
        try await OpenStore.requireReady(location.appTarget)
        try await makeMasterSecretIfNoLedger()
    }

    /// Makes the roles in a private cluster, and brings the schema up to this binary's version.
    ///
    /// - Returns: the steps that were missing.
    @discardableResult
    func migrate() async throws -> [Migration] {
        try await makeRoles()
        return try await repeating {
            try await Connection.with(location.ownerTarget, deadline: .now + Self.timeout) { connection in
                try await Migrator(connection, observer: observer).migrate()
            }
        }
    }

    /// Makes the roles in a private cluster.
    func makeRoles() async throws {
        guard let directory = location.directory else { return }
        try await repeating {
            try await Connection.with(directory.target(user: "postgres"), deadline: .now + Self.timeout) { connection in
                _ = try await connection.execute(script: Migration.roles, deadline: .now + Self.timeout)
            }
        }
    }

    private func makeMasterSecretIfNoLedger() async throws {
        guard let path = location.masterKeyPath, case .failure(let fault) = location.masterSecret() else { return }
        let hasLedgers = try await Connection.with(location.appTarget, deadline: .now + Self.timeout) { connection in
            try await LedgerStore.hasLedgers(connection, deadline: .now + Self.timeout)
        }
        guard !hasLedgers else { return }
        do {
            _ = try MasterSecret.create(at: path)
        } catch {
            // Another process may have made it a moment ago; a file that is there and unusable is not replaced.
            if case .success = location.masterSecret() { return }
            throw error is MasterSecret.Fault && DataDirectory.exists(path) ? fault : error
        }
    }

    /// Two instances that start at once get into each other's way in the catalogue, where "if it does not exist" is no
    /// lock. The loser finds the winner's work when it tries again.
    private func repeating<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        for _ in 1..<Self.attemptsMax {
            do {
                return try await body()
            } catch let error as PostgresError where Self.isCollision(error) {
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        return try await body()
    }

    /// unique_violation, duplicate_schema, duplicate_table, duplicate_object, and "tuple concurrently updated".
    private static func isCollision(_ error: PostgresError) -> Bool {
        ["23505", "42P06", "42P07", "42710", "XX000", "40P01"].contains(error.sqlState)
    }
}
