import Cryptography
package import Observation
package import Postgres

/// Brings the schema of a database up to this binary's version.
package struct Migrator: Sendable {
    private let connection: Connection
    private let observer: any Observer
    private static let timeout = Duration.seconds(600)

    /// What stands in the way, with the next step.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// - Parameter connection: as a role that may become `countersign_owner`.
    package init(_ connection: Connection, observer: any Observer) {
        self.connection = connection
        self.observer = observer
    }

    /// Applies what is missing, each step in a transaction of its own, and returns the applied steps.
    ///
    /// Several instances may migrate at once: the table of migrations is locked first.
    package func migrate() async throws -> [Migration] {
        try await requireRoles()
        if case .foreign(let step, let name) = try await SchemaState(connection, deadline: deadline) {
            throw Fault(description: SchemaState.foreignSchema(step: step, name: name))
        }
        try await run(
            """
            BEGIN;
            SET LOCAL ROLE countersign_owner;
            CREATE SCHEMA IF NOT EXISTS countersign;
            CREATE TABLE IF NOT EXISTS countersign.migrations (
                version    integer NOT NULL PRIMARY KEY,
                name       text COLLATE "C" NOT NULL,
                checksum   bytea NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            );
            COMMIT
            """)
        var applied: [Migration] = []
        for migration in Migration.all {
            try await run("BEGIN; SET LOCAL ROLE countersign_owner; LOCK TABLE countersign.migrations")
            guard try await !isApplied(migration) else {
                try await run("ROLLBACK")
                continue
            }
            try await run(migration.sql)
            _ = try await connection.query(
                """
                INSERT INTO countersign.migrations (version, name, checksum)
                VALUES (\(Int32(migration.version)), \(migration.name), \(migration.checksum.bytes))
                """, deadline: deadline)
            try await run("COMMIT")
            observer.observe(.migrationApplied(version: migration.version, name: migration.name))
            applied.append(migration)
        }
        return applied
    }

    /// What is applied, oldest first.
    package static func status(
        _ connection: Connection, deadline: ContinuousClock.Instant
    ) async throws -> [SchemaState.Step] {
        let rows = try await connection.query(
            "SELECT version, name, checksum FROM countersign.migrations ORDER BY version", deadline: deadline)
        return try rows.map { (try $0.int(0, in: 0...Int(Int32.max)), try $0.text(1), try $0.bytes(2)) }
    }

    private var deadline: ContinuousClock.Instant { .now + Self.timeout }

    private func run(_ script: String) async throws {
        do {
            try await connection.execute(script: script, deadline: deadline)
        } catch {
            try? await connection.rollback(deadline: deadline)
            throw error
        }
    }

    private func requireRoles() async throws {
        let rows = try await connection.query(
            "SELECT count(*) FROM pg_roles WHERE rolname IN ('countersign_owner', 'countersign_app')",
            deadline: deadline)
        guard try rows.one().int(0, in: 0...Int.max) == 2 else {
            throw Fault(
                description: "the roles of countersign are missing in this database; let a superuser run sql/roles.sql "
                    + "(`countersign migrate --print-roles` prints it)")
        }
    }

    private func isApplied(_ migration: Migration) async throws -> Bool {
        let rows = try await connection.query(
            "SELECT name, checksum FROM countersign.migrations WHERE version = \(Int32(migration.version))",
            deadline: deadline)
        guard let row = rows.first else { return false }
        guard try row.bytes(1) == migration.checksum.bytes else {
            throw Fault(description: SchemaState.foreignSchema(step: migration.version, name: try row.text(0)))
        }
        return true
    }
}
