import Ledger
import Postgres

/// The table of published checkpoints.
extension LedgerStore {
    /// A ledger whose newest head no published checkpoint covers.
    package struct Unsigned: Sendable {
        package let ledger: StoredLedger
        package let size: Int
    }

    /// The newest published checkpoint, or nil. The one of exactly `size`, if that is asked for.
    package func checkpoint(
        of ledger: StoredLedger, size: Int? = nil
    ) async throws(StoreError) -> PublishedCheckpoint? {
        let condition: Statement = size.map { "AND size = \($0)" } ?? ""
        return try await lookUp { connection, deadline in
            let row = try await connection.query(
                """
                SELECT note, signed_at FROM countersign.checkpoints
                WHERE ledger_id = \(ledger.id) \(fragment: condition) ORDER BY size DESC LIMIT 1
                """, deadline: deadline
            ).first
            return try row.map(Self.checkpoint)
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
        try await read { connection, deadline in
            _ = try await connection.pipeline(
                [
                    """
                    INSERT INTO countersign.checkpoints (ledger_id, size, note, signed_at, kept)
                    VALUES (\(ledger.id), \(published.size), \(note), \(PostgresTimestamp(published.signedAt)), \(kept))
                    ON CONFLICT DO NOTHING
                    """,
                    """
                    DELETE FROM countersign.checkpoints WHERE ledger_id = \(ledger.id) AND NOT kept AND size = (
                        SELECT size FROM countersign.checkpoints
                        WHERE ledger_id = \(ledger.id) AND size < \(published.size) ORDER BY size DESC LIMIT 1
                    ) AND date_trunc('hour', signed_at, 'UTC')
                        = date_trunc('hour', \(PostgresTimestamp(published.signedAt)), 'UTC')
                    """,
                ], deadline: deadline)
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

    /// The ledgers that have grown since their newest checkpoint.
    package func unsignedLedgers() async throws(StoreError) -> [Unsigned] {
        var sizes: [Int64: Int] = [:]
        let found = try await read { connection, deadline in
            try await connection.query(
                """
                SELECT l.ledger_id, h.size
                FROM countersign.ledgers l
                CROSS JOIN LATERAL (
                    SELECT size FROM countersign.heads WHERE ledger_id = l.ledger_id ORDER BY size DESC LIMIT 1
                ) h
                LEFT JOIN LATERAL (
                    SELECT size FROM countersign.checkpoints WHERE ledger_id = l.ledger_id ORDER BY size DESC LIMIT 1
                ) c ON true
                WHERE l.halted IS NULL AND h.size > coalesce(c.size, 0) ORDER BY l.origin
                """, deadline: deadline
            ).map { try ($0.int64(0), $0.int(1)) }
        }
        for (id, size) in found { sizes[id] = size }
        var unsigned: [Unsigned] = []
        for (id, size) in found {
            guard let ledger = try await ledger(id: id) else { continue }
            unsigned.append(Unsigned(ledger: ledger, size: size))
        }
        return unsigned
    }

    /// Takes the lease `name` for `holder`, or prolongs it.
    ///
    /// - Returns: whether `holder` has it now.
    package func takeLease(_ name: String, holder: String, seconds: Int32) async throws(StoreError) -> Bool {
        try await read { connection, deadline in
            let rows = try await connection.query(
                """
                UPDATE countersign.leases
                SET holder = \(holder), until = clock_timestamp() + make_interval(secs => \(seconds)::int)
                WHERE name = \(name) AND (holder = \(holder) OR until < clock_timestamp()) RETURNING name
                """, deadline: deadline)
            return !rows.isEmpty
        }
    }

    private static func checkpoint(_ row: Row) throws -> PublishedCheckpoint {
        do {
            let note = try SignedNote(Array(try row.text(0).utf8))
            return PublishedCheckpoint(
                note, try Checkpoint(note.text), signedAt: Timestamp(try row.timestamp(1)))
        } catch let fault as NoteFault {
            throw StoreError(
                .internal, "a stored checkpoint is unreadable (\(fault.rawValue)); run `countersign verify`")
        }
    }
}
