import Ledger
import Postgres

/// What is left to do for the checkpoints of all ledgers of the database.
package enum SigningWork: Sendable {
    /// To sign what has changed since the newest checkpoint.
    case sign
    /// To ask witnesses for the newest checkpoint.
    case witness
    /// To have the newest checkpoint stamped, where the last timestamp is so many seconds old.
    case timestamp(afterSeconds: Int)

    fileprivate var condition: Statement {
        switch self {
        // A head that is smaller than what was published is looked at as well: the signer halts that ledger.
        case .sign: "h.size <> coalesce(c.size, 0)"
        case .witness: "NOT c.witnessed"
        case .timestamp(let seconds):
            """
            c.size > coalesce(t.size, 0)
                AND (t.stamped_at IS NULL OR t.stamped_at <= clock_timestamp() - \(seconds) * interval '1 second')
            """
        }
    }
}

extension LedgerStore {
    /// The ledgers for which there is such work, in the order of their names; none that is halted.
    package func ledgers(with work: SigningWork) async throws(StoreError) -> [StoredLedger] {
        let ids = try await read { connection, deadline in
            try await connection.query(
                """
                SELECT l.ledger_id
                FROM countersign.ledgers l
                CROSS JOIN LATERAL (
                    SELECT size FROM countersign.heads WHERE ledger_id = l.ledger_id ORDER BY size DESC LIMIT 1
                ) h
                LEFT JOIN LATERAL (
                    SELECT size, witnessed FROM countersign.checkpoints WHERE ledger_id = l.ledger_id
                    ORDER BY size DESC LIMIT 1
                ) c ON true
                LEFT JOIN LATERAL (
                    SELECT size, stamped_at FROM countersign.timestamps WHERE ledger_id = l.ledger_id
                    ORDER BY size DESC LIMIT 1
                ) t ON true
                WHERE l.halted IS NULL AND \(fragment: work.condition) ORDER BY l.origin
                """, deadline: deadline
            ).map { try $0.id(0) }
        }
        var ledgers: [StoredLedger] = []
        for id in ids {
            if let ledger = try await ledger(id: id) { ledgers.append(ledger) }
        }
        return ledgers
    }

    /// Takes the lease `name` for `holder`, or prolongs it.
    ///
    /// - Returns: whether `holder` has it now.
    package func takeLease(_ name: String, holder: String, seconds: Int) async throws(StoreError) -> Bool {
        try await read { connection, deadline in
            let rows = try await connection.query(
                """
                UPDATE countersign.leases
                SET holder = \(holder), until = now() + \(seconds) * interval '1 second'
                WHERE name = \(name) AND (holder = \(holder) OR until < now()) RETURNING name
                """, deadline: deadline)
            return !rows.isEmpty
        }
    }

    /// Gives the lease `name` back, if `holder` has it.
    package func releaseLease(_ name: String, holder: String) async throws(StoreError) {
        try await read { connection, deadline in
            _ = try await connection.query(
                """
                UPDATE countersign.leases SET until = '-infinity' WHERE name = \(name) AND holder = \(holder)
                """, deadline: deadline)
        }
    }
}
