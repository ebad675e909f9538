import Ledger
import LedgerStore
import Postgres
import PostgresTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct `Backups` {
    private static var soon: ContinuousClock.Instant { TestStore.soon }

    @Test func `there is a decision about every table and column of the schema`() async throws {
        let connection = try await Connection.open(try await Self.emptyDatabase(), deadline: Self.soon)
        let rows = try await connection.query(
            """
            SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'countersign'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND a.attnum > 0 AND NOT a.attisdropped
            GROUP BY 1
            """, deadline: Self.soon)
        await connection.close()
        var undecided = Set(BackupTable.all.map(\.name)).union(BackupTable.leftOut)
        for row in rows {
            let name = try row.text(0)
            #expect(undecided.remove(name) != nil, "is \(name) a part of a backup? decide in BackupTable")
            guard let table = BackupTable.all.first(where: { $0.name == name }) else { continue }
            let columns = try row.array(1, of: String.self)
            #expect(Set(table.columns + table.leftOut) == Set(columns), "the columns of \(name)")
            #expect(table.columns.count + table.leftOut.count == columns.count, "a column of \(name) is there twice")
        }
        #expect(undecided.isEmpty, "tables that are not there")
    }

    @Test func `rows come back past the triggers of appends, which stand again afterwards`() async throws {
        try await TestStore.run { test in
            _ = try await test.append(#"{"kind":"send","outcome":"sent"}"#)
            let (ledgers, files) = try await Self.copied(test)
            let target = try await Self.emptyDatabase()
            try await Self.withConnection(target) { connection in
                try await connection.execute(
                    script: """
                        CREATE FUNCTION countersign.refuse() RETURNS trigger LANGUAGE plpgsql AS
                            $$BEGIN RAISE EXCEPTION 'not beside an entry'; END$$;
                        CREATE TRIGGER refuse_insert BEFORE INSERT ON countersign.entries
                            FOR EACH ROW EXECUTE FUNCTION countersign.refuse();
                        CREATE TRIGGER refuse_insert AFTER INSERT ON countersign.heads
                            FOR EACH ROW EXECUTE FUNCTION countersign.refuse();
                        """, deadline: Self.soon)
            }
            try await Self.load(files, of: ledgers, into: target)
            #expect(try await Self.copied(target).files == files)
            try await Self.withConnection(target) { connection in
                for table in ["entries", "heads"] {
                    await #expect(throws: PostgresError.self) {
                        try await connection.query(
                            "INSERT INTO countersign.\(identifier: table) TABLE countersign.\(identifier: table)",
                            deadline: Self.soon)
                    }
                }
            }
        }
    }

    @Test func `a backup that breaks off leaves nothing`() async throws {
        try await TestStore.run { test in
            _ = try await test.append(#"{"kind":"send","outcome":"sent"}"#)
            let (ledgers, files) = try await Self.copied(test)
            let target = try await Self.emptyDatabase()
            struct Cut: Error {}
            await #expect(throws: Cut.self) {
                try await Self.withConnection(target, user: "countersign_owner") { connection in
                    try await BackupLoad(connection).run(ledgers) { table, send in
                        try await send(files[table.name] ?? [])
                        if table.name == "tiles" { throw Cut() }
                        return files[table.name]?.count { $0 == 0x0A } ?? 0
                    }
                }
            }
            #expect(try await Self.copied(target).ledgers.isEmpty)
            try await Self.load(files, of: ledgers, into: target)
        }
    }

    @Test func `no superuser loads a backup`() async throws {
        let target = try await Self.emptyDatabase()
        try await Self.withConnection(target) { connection in
            await #expect(throws: BackupFault.self) {
                try await BackupLoad(connection).run([]) { _, _ in 0 }
            }
        }
    }

    @Test func `a schema of another build is not backed up`() async throws {
        let target = try await Self.emptyDatabase()
        try await Self.withConnection(target) { connection in
            try await connection.query(
                "UPDATE countersign.migrations SET checksum = '\\x00' WHERE version = 2", deadline: Self.soon)
            await #expect(throws: BackupFault.self) { try await BackupSnapshot(connection) }
        }
    }

    // MARK: Databases

    private static func emptyDatabase() async throws -> ConnectionTarget {
        let target = try await TestCluster.shared.makeDatabase()
        try await withConnection(target) { connection in
            _ = try await connection.execute(script: Migration.roles, deadline: soon)
            _ = try await Migrator(connection, observer: Observations()).migrate()
        }
        return target
    }

    @discardableResult
    private static func withConnection<Value: Sendable>(
        _ target: ConnectionTarget, user: String? = nil, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        var target = target
        if let user { target.user = user }
        return try await Connection.with(target, deadline: soon, body)
    }

    private static func copied(
        _ test: TestStore
    ) async throws -> (ledgers: [BackupLedger], files: [String: [UInt8]]) {
        var target = test.target
        target.set("role", to: "countersign_owner")
        return try await copied(target)
    }

    private static func copied(
        _ target: ConnectionTarget
    ) async throws -> (ledgers: [BackupLedger], files: [String: [UInt8]]) {
        try await withConnection(target, user: "countersign_owner") { connection in
            let snapshot = try await BackupSnapshot(connection)
            var files: [String: [UInt8]] = [:]
            for table in BackupTable.all {
                var bytes: [UInt8] = []
                try await snapshot.rows(of: table) { bytes += $0 }
                files[table.name] = bytes
            }
            return (try await snapshot.ledgers(), files)
        }
    }

    private static func load(
        _ files: [String: [UInt8]], of ledgers: [BackupLedger], into target: ConnectionTarget
    ) async throws {
        try await withConnection(target, user: "countersign_owner") { connection in
            try await BackupLoad(connection).run(ledgers) { table, send in
                let rows = files[table.name] ?? []
                try await send(rows)
                return rows.count { $0 == 0x0A }
            }
        }
    }
}
