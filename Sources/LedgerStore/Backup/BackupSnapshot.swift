import Cryptography
import Ledger
package import Postgres

/// All ledgers of a database as they are at one moment: what a backup is made of. Nobody waits for it, and appends go
/// on.
package struct BackupSnapshot: Sendable {
    /// How long the server may take for one statement, or for the next rows of a long one.
    private static let timeout = Duration.seconds(600)
    /// So that every release reads what this one writes.
    static let settings: [Statement] = [
        "SET LOCAL bytea_output = 'hex'", "SET LOCAL datestyle = 'ISO, YMD'", "SET LOCAL timezone = 'UTC'",
        "SET LOCAL client_encoding = 'UTF8'", "SET LOCAL statement_timeout = 0",
    ]

    private let connection: Connection

    /// - Parameter connection: as `countersign_owner`, who may read every table. The snapshot ends with the connection.
    package init(_ connection: Connection) async throws {
        self.connection = connection
        _ = try await connection.pipeline(
            ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"] + Self.settings, deadline: .now + Self.timeout)
        // A restore takes the migrations' checksums for the schema's name.
        let applied = try await Migrator.status(connection, deadline: .now + Self.timeout)
        guard applied.map(\.checksum) == Migration.all.map(\.checksum.bytes) else {
            throw BackupFault(
                "the schema was made by another build; use the binary that made it, or run `countersign migrate`")
        }
    }

    /// The release of the server, such as `15.18`.
    package func serverVersion() async -> String {
        let version = await connection.serverVersion
        return "\(version / 10_000).\(version % 10_000)"
    }

    /// The ledgers, in the order of their names.
    package func ledgers() async throws -> [BackupLedger] {
        let names = try await query("SELECT ledger_id, origin FROM countersign.ledgers ORDER BY origin")
        var ledgers: [BackupLedger] = []
        for row in names {
            let (id, origin) = (try row.id(0), try Origin(try row.text(1)))
            let head = try await query(
                "SELECT size, root FROM countersign.heads WHERE ledger_id = \(id) ORDER BY size DESC LIMIT 1"
            ).first
            guard let root = try head.map({ Digest(try $0.bytes(1)) }) ?? TreeHash.empty else {
                throw Self.inconsistent(origin)
            }
            ledgers.append(
                BackupLedger(
                    origin: origin, size: try head?.int(0, in: Entry.seqs) ?? 0, root: root,
                    keys: try await keys(of: origin, id)))
        }
        return ledgers
    }

    private func keys(of origin: Origin, _ id: Int64) async throws -> KeySuccession? {
        let rows = try await query(
            """
            SELECT k.vkey, e.line FROM countersign.signing_keys k LEFT JOIN LATERAL (
                SELECT line FROM countersign.entries WHERE ledger_id = k.ledger_id AND seq = k.seq LIMIT 1
            ) e ON true
            WHERE k.ledger_id = \(id) ORDER BY k.seq
            """)
        guard let first = rows.first else { return nil }
        var rotations: [KeyRotation] = []
        for row in rows.dropFirst() {
            let data = try row.textIfPresent(1).flatMap { try? JSONReader.read(Array($0.utf8))["data"] }
            guard let rotation = data.flatMap(KeyRotation.init) else { throw Self.inconsistent(origin) }
            rotations.append(rotation)
        }
        guard let key = try? NoteKey(vkey: Array(try first.text(0).utf8)),
            let keys = KeySuccession(first: key, rotations: rotations)
        else { throw Self.inconsistent(origin) }
        return keys
    }

    private static func inconsistent(_ origin: Origin) -> BackupFault {
        BackupFault("the heads or the keys of \(origin) cannot be read; run `countersign verify`")
    }

    /// Hands the rows of a table to `body`, in pieces of whole rows.
    package func rows(of table: BackupTable, _ body: (_ piece: [UInt8]) async throws -> Void) async throws {
        try await connection.copyOut(
            """
            COPY (SELECT \(unescaped: table.columnList) FROM countersign.\(identifier: table.name)) TO STDOUT
            """, timeout: Self.timeout, body)
    }

    private func query(_ statement: Statement) async throws -> Rows {
        try await connection.query(statement, deadline: .now + Self.timeout)
    }
}
