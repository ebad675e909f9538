package import Postgres

extension LedgerStore {
    /// Whether any ledger was ever begun in this database: a master secret belongs to it then.
    package static func hasLedgers(
        _ connection: Connection, deadline: ContinuousClock.Instant
    ) async throws -> Bool {
        try await connection.query("SELECT EXISTS (SELECT FROM countersign.ledgers)", deadline: deadline)
            .one().bool(0)
    }
}
