import Cryptography
import LedgerStore
import Postgres

/// Whether the schema is this binary's.
enum SchemaCheck {
    static func check(_ connection: Connection, _ deadline: ContinuousClock.Instant) async throws -> CheckResult {
        let applied: [(version: Int, name: String, checksum: [UInt8])]
        do {
            applied = try await Migrator.status(connection, deadline: deadline)
        } catch let error as PostgresError where error.isSchemaMissing {
            return .fail("schema", "there is none", next: "run `countersign migrate`")
        }
        let known = Migration.all
        let changed = zip(applied, known).first { $0.checksum != $1.checksum.bytes }
        if let changed {
            return .fail(
                "schema", "migration \(changed.0.version) was applied from another file than this binary's",
                next: "use the binary that made the schema")
        }
        if applied.count < known.count {
            return .fail(
                "schema", "at version \(applied.last?.version ?? 0), and this binary's is \(known.last?.version ?? 0)",
                next: "run `countersign migrate`")
        }
        if applied.count > known.count {
            return .fail("schema", "newer than this binary", next: "use the binary that made the schema")
        }
        return .ok("schema", "version \(known.last?.version ?? 0)")
    }
}
