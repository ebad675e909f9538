package import Ledger
import Postgres

/// The table of what timestamp authorities said of checkpoints.
extension LedgerStore {
    /// Takes a token over the checkpoint of `size`, and keeps that.
    ///
    /// - Parameter stampedAt: by the authority's clock.
    package func addTimestamp(
        _ token: [UInt8], of ledger: StoredLedger, size: Int, stampedAt: Timestamp
    ) async throws(StoreError) {
        try await read { connection, deadline in
            _ = try await connection.pipeline(
                [
                    "BEGIN",
                    """
                    INSERT INTO countersign.timestamps (ledger_id, size, token, stamped_at)
                    VALUES (\(ledger.id), \(size), \(token), \(PostgresTimestamp(stampedAt))) ON CONFLICT DO NOTHING
                    """,
                    """
                    UPDATE countersign.checkpoints SET kept = true
                    WHERE ledger_id = \(ledger.id) AND size = \(size) AND NOT kept
                    """,
                    "COMMIT",
                ], deadline: deadline)
        }
    }

    /// The token over the checkpoint of `size`, or nil.
    package func timestamp(of ledger: StoredLedger, size: Int) async throws(StoreError) -> [UInt8]? {
        try await lookUp { connection, deadline in
            try await connection.query(
                "SELECT token FROM countersign.timestamps WHERE ledger_id = \(ledger.id) AND size = \(size)",
                deadline: deadline
            ).first?.bytes(0)
        }
    }
}
