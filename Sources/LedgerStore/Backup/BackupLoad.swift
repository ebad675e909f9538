import Cryptography
import Ledger
package import Postgres

/// Puts the rows of a backup into a schema that the migrations have made and that nothing was written to: by COPY
/// statements of ours, as the owner of the tables, in one transaction. Rows are data: nothing in them is run, and what
/// breaks a type, a constraint or a reference is refused with all the rest.
package struct BackupLoad: Sendable {
    /// How long the server may take for one statement, or for the next piece of a long one.
    private static let timeout = Duration.seconds(600)
    /// How long it may take to check the references of one table.
    private static let endTimeout = Duration.seconds(4 * 3_600)

    private let connection: Connection

    /// - Parameter connection: as `countersign_owner`, and never as a superuser.
    package init(_ connection: Connection) { self.connection = connection }

    /// Loads all tables, or nothing.
    ///
    /// - Parameters:
    ///   - ledgers: what must be there afterwards, and nothing else.
    ///   - rows: gives the rows of a table to `send`, piece by piece, and returns how many they are.
    package func run(
        _ ledgers: [BackupLedger],
        rows: (_ table: BackupTable, _ send: (_ piece: [UInt8]) async throws -> Void) async throws -> Int
    ) async throws {
        do {
            try await begin(sizeMax: ledgers.map(\.size).max() ?? 0)
            let triggers = try await triggers()
            for table in BackupTable.all { try await load(table, rows) }
            guard try await self.triggers() == triggers else {
                throw BackupFault("the triggers of the schema are not as the migrations have made them")
            }
            try await requireLedgers(ledgers)
            try await execute("COMMIT")
        } catch {
            try? await connection.rollback(deadline: .now + Self.timeout)
            throw error
        }
    }

    private func begin(sizeMax: Int) async throws {
        try await execute("BEGIN")
        try await execute("SET LOCAL ROLE countersign_owner")
        for setting in BackupSnapshot.settings { try await execute(setting) }
        guard try await !query("SELECT rolsuper FROM pg_roles WHERE rolname = session_user").one().bool(0) else {
            throw BackupFault("a backup is never loaded by a superuser")
        }
        if sizeMax > 0 { try await execute("SELECT countersign.make_partitions(\(Int64(sizeMax - 1)))") }
    }

    private func load(
        _ table: BackupTable,
        _ rows: (_ table: BackupTable, _ send: (_ piece: [UInt8]) async throws -> Void) async throws -> Int
    ) async throws {
        let name: Statement = "countersign.\(identifier: table.name)"
        // What a trigger demands of an append was demanded when the rows were written. References are still checked.
        try await execute("ALTER TABLE \(fragment: name) DISABLE TRIGGER USER")
        let loaded: Int
        let given: Int
        do {
            try await connection.beginTextCopyIn(
                "COPY \(fragment: name) (\(unescaped: table.columnList)) FROM STDIN", deadline: .now + Self.timeout)
            given = try await rows(table) { piece in
                try await connection.sendText(piece, deadline: .now + Self.timeout)
            }
            loaded = try await connection.endCopyIn(deadline: .now + Self.endTimeout).affected
        } catch let error as PostgresError where ["22", "23", "54"].contains(error.sqlState?.prefix(2)) {
            throw BackupFault("Postgres refuses the rows of \(table.name) (SQLSTATE \(error.sqlState ?? ""))")
        }
        guard loaded == given else {
            throw BackupFault("\(table.name) has \(given) lines, of which Postgres takes \(loaded) for rows")
        }
        try await execute("ALTER TABLE \(fragment: name) ENABLE TRIGGER USER")
    }

    /// The triggers of all tables, each with its state.
    private func triggers() async throws -> [String] {
        try await query(
            """
            SELECT concat_ws(' ', t.tgrelid::regclass, t.tgname, t.tgenabled) FROM pg_trigger t
            JOIN pg_class c ON c.oid = t.tgrelid
            WHERE c.relnamespace = 'countersign'::regnamespace AND NOT t.tgisinternal ORDER BY 1
            """
        ).map { try $0.text(0) }
    }

    /// Refuses rows of ledgers that the backup does not name, and trees that it does not say it has.
    private func requireLedgers(_ ledgers: [BackupLedger]) async throws {
        let found = try await query(
            """
            SELECT l.ledger_id, l.origin, h.size, h.root FROM countersign.ledgers l LEFT JOIN LATERAL (
                SELECT size, root FROM countersign.heads WHERE ledger_id = l.ledger_id ORDER BY size DESC LIMIT 1
            ) h ON true ORDER BY l.origin
            """)
        guard try found.map({ try $0.text(1) }) == ledgers.map(\.origin.text) else {
            throw BackupFault("the rows of ledgers are not the ledgers that the manifest names")
        }
        for (row, ledger) in zip(found, ledgers) {
            guard try row.intIfPresent(2, in: Entry.seqs) ?? 0 == ledger.size,
                try row.bytesIfPresent(3) ?? TreeHash.empty.bytes == ledger.root.bytes
            else { throw BackupFault("the rows of heads do not make the tree of \(ledger.origin) in the manifest") }
        }
        // Between the ids that are known there must be none: each gap is one probe of an index that begins with the id.
        let ids = try found.map { try $0.id(0) }.sorted()
        let (first, last) = ([.min] + ids.map { $0 &+ 1 }, ids.map { $0 &- 1 } + [.max])
        try await execute("SET LOCAL enable_seqscan = off")
        for table in BackupTable.all {
            let stray = try await query(
                """
                SELECT EXISTS (
                    SELECT FROM unnest(\(first), \(last)) gap(first, last) WHERE EXISTS (
                        SELECT FROM countersign.\(identifier: table.name)
                        WHERE ledger_id BETWEEN gap.first AND gap.last
                    )
                )
                """
            ).one().bool(0)
            guard !stray else { throw BackupFault("\(table.name) has rows of a ledger that the backup does not name") }
        }
    }

    @discardableResult
    private func query(_ statement: Statement) async throws -> Rows {
        try await connection.query(statement, deadline: .now + Self.timeout)
    }

    private func execute(_ statement: Statement) async throws { try await query(statement) }
}
