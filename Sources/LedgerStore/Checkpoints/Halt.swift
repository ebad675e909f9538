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
    /// held to. It is for whoever has done so to call.
    ///
    /// - Parameter reappended: the entries that were lost, and appended again byte for byte.
    package func resume(
        _ ledger: StoredLedger, heldTo checkpoint: Checkpoint, reappended: Range<Int>? = nil, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        try await read { connection, deadline in
            _ = try await connection.query(
                "UPDATE countersign.ledgers SET halted = NULL WHERE ledger_id = \(ledger.id)", deadline: deadline)
        }
        var data: [JSONValue.Member] = [
            .init("checkpoint", checkpoint.json), .init("event", "ledger.resumed"),
        ]
        if let reappended, let last = reappended.last {
            data.append(
                .init("reappended", ["from_seq": .integer(reappended.lowerBound), "to_seq": .integer(last)]))
        }
        let draft = try Draft(
            Event(kind: .policy, outcome: "changed", data: data),
            origin: ledger.origin, reporter: reporter, random: Random.bytes)
        return try await append(AppendUnit([.init(draft, keys: ledger.keys)]), to: ledger, deadline: deadline)[0]
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
