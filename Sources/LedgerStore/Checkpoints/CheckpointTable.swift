import Cryptography
import Ledger
import Postgres

/// The table of published checkpoints.
extension LedgerStore {
    /// The newest published checkpoint, or nil. The one of exactly `size`, if that is asked for.
    package func checkpoint(
        of ledger: StoredLedger, size: Int? = nil
    ) async throws(StoreError) -> PublishedCheckpoint? {
        try await checkpoints(of: ledger, size.map { "AND c.size = \($0)" } ?? "", limit: 1).first
    }

    /// The newest published checkpoints, the newest first.
    ///
    /// - Parameter below: only smaller ones.
    package func checkpoints(
        of ledger: StoredLedger, below size: Int?, limit: Int
    ) async throws(StoreError) -> [PublishedCheckpoint] {
        try await checkpoints(of: ledger, size.map { "AND c.size < \($0)" } ?? "", limit: limit)
    }

    /// Of the checkpoints that cover the entry at `seq` the one with most behind it: the newest that is timestamped, or
    /// else witnessed, or else the newest.
    package func bestCheckpoint(
        of ledger: StoredLedger, covering seq: Int
    ) async throws(StoreError) -> PublishedCheckpoint? {
        let stamped: Statement = """
            AND c.size = (
                SELECT size FROM countersign.timestamps WHERE ledger_id = \(ledger.id) AND size > \(seq)
                ORDER BY size DESC LIMIT 1
            )
            """
        for condition in [stamped, "AND c.size > \(seq) AND c.witnessed", "AND c.size > \(seq)"] {
            if let found = try await checkpoints(of: ledger, condition, limit: 1).first { return found }
        }
        return nil
    }

    private func checkpoints(
        of ledger: StoredLedger, _ condition: Statement, limit: Int
    ) async throws(StoreError) -> [PublishedCheckpoint] {
        try await lookUp { connection, deadline in
            try await connection.query(
                """
                SELECT c.note, c.signed_at, c.kept, c.witnessed, EXISTS (
                    SELECT FROM countersign.timestamps t WHERE t.ledger_id = \(ledger.id) AND t.size = c.size
                )
                FROM countersign.checkpoints c WHERE c.ledger_id = \(ledger.id) \(fragment: condition)
                ORDER BY c.size DESC LIMIT \(limit)
                """, deadline: deadline
            ).map(Self.checkpoint)
        }
    }

    /// Makes `published` the newest checkpoint that others can have. The one before it goes, unless it is kept, or is
    /// the last of its hour.
    ///
    /// - Parameter kept: whether somebody may ask for this one again.
    package func publish(
        _ published: PublishedCheckpoint, of ledger: StoredLedger, kept: Bool
    ) async throws(StoreError) {
        let note = String(decoding: published.note.bytes, as: UTF8.self)
        let signedAt = PostgresTimestamp(published.signedAt)
        try await read { connection, deadline in
            let previous = try await connection.pipeline(
                [
                    """
                    INSERT INTO countersign.checkpoints (ledger_id, size, note, signed_at, kept, witnessed)
                    VALUES (\(ledger.id), \(published.size), \(note), \(signedAt), \(kept), \(published.isWitnessed))
                    ON CONFLICT (ledger_id, size) DO UPDATE SET kept = checkpoints.kept OR excluded.kept
                    """,
                    """
                    SELECT size FROM countersign.checkpoints
                    WHERE ledger_id = \(ledger.id) AND size < \(published.size) ORDER BY size DESC LIMIT 1
                    """,
                ], deadline: deadline)[1].first.map { try $0.int(0, in: Entry.seqs) }
            guard let previous else { return }
            _ = try await connection.query(
                """
                DELETE FROM countersign.checkpoints
                WHERE ledger_id = \(ledger.id) AND size >= \(previous) AND size < \(published.size)
                    AND NOT kept AND NOT witnessed
                    AND date_trunc('hour', signed_at, 'UTC') = date_trunc('hour', \(signedAt), 'UTC')
                """, deadline: deadline)
        }
    }

    /// Puts `published` with the signatures of witnesses in the place of what is published, and keeps it.
    package func replaceCheckpoint(
        _ published: PublishedCheckpoint, of ledger: StoredLedger
    ) async throws(StoreError) {
        let note = String(decoding: published.note.bytes, as: UTF8.self)
        try await read { connection, deadline in
            _ = try await connection.query(
                """
                UPDATE countersign.checkpoints SET note = \(note), witnessed = \(published.isWitnessed), kept = true
                WHERE ledger_id = \(ledger.id) AND size = \(published.size)
                """, deadline: deadline)
        }
    }

    /// Keeps a checkpoint for ever.
    ///
    /// - Returns: whether it is still there.
    package func keepCheckpoint(of ledger: StoredLedger, size: Int) async throws(StoreError) -> Bool {
        try await read { connection, deadline in
            let rows = try await connection.query(
                """
                UPDATE countersign.checkpoints SET kept = true WHERE ledger_id = \(ledger.id) AND size = \(size)
                RETURNING size
                """, deadline: deadline)
            return !rows.isEmpty
        }
    }

    static func checkpoint(_ row: Row) throws -> PublishedCheckpoint {
        do {
            let note = try SignedNote(Array(try row.text(0).utf8))
            return PublishedCheckpoint(
                note, try Checkpoint(note.text), signedAt: Timestamp(try row.timestamp(1)),
                isKept: try row.bool(2), isWitnessed: try row.bool(3), isTimestamped: try row.bool(4))
        } catch let fault as NoteFault {
            throw StoreError(
                .internal, "a stored checkpoint is unreadable (\(fault.rawValue)); run `countersign verify`")
        }
    }
}
