import Cryptography
package import Ledger
package import Postgres

/// Giving a halted ledger back the entries that its database lost.
extension LedgerStore {
    /// What an export of the ledger is held to before anything is written.
    ///
    /// - Parameters:
    ///   - expected: the trees that the ledger must contain, the smallest first; the last is larger than the ledger's.
    ///   - takesBeyond: whether entries behind that are taken as well, on the export's word.
    package func lostTail(
        of ledger: StoredLedger, expecting expected: [Checkpoint], takesBeyond: Bool
    ) async throws -> LostTail {
        LostTail(ledger.origin, edge: try await rightEdge(of: ledger), expected: expected, takesBeyond: takesBeyond)
    }

    /// Makes the rows of other modules that an entry calls for.
    package typealias EntryEffect = @Sendable (Entry) -> [Statement]

    /// Appends what `plan` says was lost, all of it or nothing. The ledger should be halted, and stays so.
    ///
    /// - Parameters:
    ///   - nextLines: gives the next lines of the export that the plan was made of; none at its end.
    ///   - effects: makes the rows of other modules that an entry calls for.
    package func reappend(
        _ plan: LostTail.Plan, to ledger: StoredLedger, from nextLines: () throws -> [[UInt8]],
        effects: @escaping EntryEffect
    ) async throws {
        guard ledger.keyFault == nil else { throw StoreError(.keyRefused, StoredLedger.keyRefusal, committed: .no) }
        try await whileAppending(deadline: .now + Self.readTimeout) { connection, _ in
            var run = try await ReappendRun(connection, ledger, plan, effects: effects)
            while true {
                try Task.checkCancellation()
                let lines = try nextLines()
                guard !lines.isEmpty else { return try await run.commit() }
                try await run.append(lines)
            }
        }
    }

    /// How many live holds that entries in `range` placed are on people whose address nobody knows any more: no sealed
    /// value of the export shows it. What comes in about them later is not covered.
    package func blindHolds(in range: Range<Int>, of ledger: StoredLedger) async throws(StoreError) -> Int {
        try await read { connection, deadline in
            try await connection.query(
                """
                SELECT count(*) FROM countersign.legal_holds h
                WHERE h.ledger_id = \(ledger.id) AND h.released_seq IS NULL AND h.pseudonym IS NOT NULL
                    AND h.held_seq >= \(range.lowerBound) AND h.held_seq < \(range.upperBound)
                    AND NOT EXISTS (
                        SELECT FROM countersign.subjects s
                        WHERE s.ledger_id = \(ledger.id) AND s.pseudonym = h.pseudonym)
                """, deadline: deadline
            ).one().int(0, in: Entry.seqs)
        }
    }

    private func rightEdge(of ledger: StoredLedger) async throws -> TreeState {
        let head = try await head(of: ledger)
        return try await whileAppending(deadline: .now + Self.readTimeout) { connection, deadline in
            try await AppendTransaction(ledger: ledger, connection: connection, deadline: deadline)
                .tree(size: head.size, root: head.root)
        }
    }

    private func whileAppending<Value>(
        deadline: ContinuousClock.Instant, _ body: (Connection, ContinuousClock.Instant) async throws -> Value
    ) async throws -> Value {
        do {
            return try await appends.withConnectionThread(deadline: deadline) { connection in
                try await body(connection, deadline)
            }
        } catch let error as PostgresError where error.isAmbiguousCommit {
            throw StoreError(
                .unavailable,
                "the database's answer was lost; `countersign doctor --after-restore` says whether the entries are "
                    + "back", committed: .unknown)
        } catch let error as PostgresError {
            throw StoreError(appending: error)
        }
    }
}
