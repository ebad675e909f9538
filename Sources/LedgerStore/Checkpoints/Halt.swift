import Cryptography
package import Ledger
import Observation
import Postgres

/// The flag that stops a ledger from growing where it would fork.
extension LedgerStore {
    /// Why nothing is appended to the ledger; nil where all is well.
    package func haltReason(of ledger: StoredLedger) async throws(StoreError) -> String? {
        try await read { connection, deadline in
            try await connection.query(
                "SELECT halted FROM countersign.ledgers WHERE ledger_id = \(ledger.id)", deadline: deadline
            ).first?.textIfPresent(0)
        }
    }

    /// Stops all appends to the ledger, by every instance, until somebody has looked. The first reason stays.
    ///
    /// - Parameter reason: for the operator: what contradicts what.
    package func halt(_ ledger: StoredLedger, _ reason: String) async throws(StoreError) {
        try await read { connection, deadline in
            _ = try await connection.query(
                """
                UPDATE countersign.ledgers SET halted = \(reason) WHERE ledger_id = \(ledger.id) AND halted IS NULL
                """, deadline: deadline)
        }
        observer.observe(.ledgerHalted(ledger: ledger.origin.text, reason: reason))
    }

    /// Lets the ledger grow again, and records that: a `policy/changed` entry with the checkpoint that the ledger was
    /// held to. It is for whoever has done so to call. What the journal of erasures names is erased again meanwhile:
    /// nobody is shown a sealed value of it before.
    ///
    /// - Parameters:
    ///   - reappended: the entries that were lost, and appended again byte for byte.
    ///   - timeout: how long each append may take.
    /// - Returns: the entry, and how many entries were erased again.
    package func resume(
        _ ledger: StoredLedger, heldTo checkpoint: Checkpoint, reappended: Range<Int>? = nil, reporter: Reporter,
        timeout: Duration
    ) async throws -> (placed: Placed, erasedCount: Int) {
        environment.repairs.insert(ledger.id)
        defer { environment.repairs.remove(ledger.id) }
        var data: [JSONValue.Member] = [
            .init("checkpoint", checkpoint.json), .init("event", "ledger.resumed"),
        ]
        if let reappended, let last = reappended.last {
            data.append(
                .init("reappended", ["from_seq": .integer(reappended.lowerBound), "to_seq": .integer(last)]))
        }
        let draft = try Draft(
            Event(kind: .policy, outcome: "changed", data: data), origin: ledger.origin, reporter: reporter,
            random: Random.bytes)
        let placed = try await append(
            AppendUnit([.init(draft, keys: ledger.keys)]), to: ledger, deadline: .now + timeout)[0]
        let erasedCount = try await applyJournal(reporter: reporter, timeout: timeout)
        try await read { connection, deadline in
            _ = try await connection.query(
                """
                UPDATE countersign.ledgers SET halted = NULL, resumed_seq = \(placed.seq)
                WHERE ledger_id = \(ledger.id) AND halted IS NOT NULL
                """, deadline: deadline)
        }
        return (placed, erasedCount)
    }
}

extension StoreError {
    /// What callers are told of a halt. The reason is the operator's.
    static func halted(_ reason: String) -> StoreError {
        StoreError(
            .halted,
            "nothing is appended, for what is stored contradicts a checkpoint that was signed; an operator finds the "
                + "way out with `countersign doctor --after-restore`", committed: .no)
    }
}
