package import Cryptography
package import Ledger
import Observation
import Postgres

/// The flag that stops a ledger from growing where it would fork.
extension LedgerStore {
    /// Why nothing is appended to the ledger, as its database and this machine know; nil where all is well.
    package func halt(of ledger: StoredLedger) async throws(StoreError) -> Halt? {
        let stored = try await read { connection, deadline in
            try await connection.query(
                """
                SELECT halted, halted_size, halted_root FROM countersign.ledgers WHERE ledger_id = \(ledger.id)
                """, deadline: deadline
            ).first.flatMap { try Self.halt($0, of: ledger.origin) }
        }
        let outside = environment.fence?.halt(of: ledger.origin)
        return stored?.joined(with: outside) ?? outside
    }

    /// The reason alone.
    package func haltReason(of ledger: StoredLedger) async throws(StoreError) -> String? {
        try await halt(of: ledger)?.reason
    }

    private static func halt(_ row: Row, of origin: Origin) throws -> Halt? {
        guard let reason = try row.textIfPresent(0) else { return nil }
        guard let size = try row.intIfPresent(1, in: Entry.seqs),
            let root = try row.bytesIfPresent(2).flatMap({ Digest($0) })
        else {
            return Halt(reason, of: origin)
        }
        return Halt(reason, expecting: Checkpoint(origin: origin, size: size, root: root))
    }

    /// Stops all appends to the ledger, by every instance, until somebody has looked. The first reason stays, and the
    /// largest tree.
    ///
    /// - Parameters:
    ///   - reason: for the operator: what contradicts what.
    ///   - expected: the tree that the ledger should have had, as far as somebody knows.
    package func halt(
        _ ledger: StoredLedger, _ reason: String, expecting expected: Checkpoint? = nil
    ) async throws(StoreError) {
        let said = expected.map { Halt(reason, expecting: $0) } ?? Halt(reason, of: ledger.origin)
        let halt = Self.remember(said, of: ledger.origin, in: environment.fence)
        try await read { connection, deadline in
            _ = try await connection.query(Self.haltStatement(halt, of: ledger.id), deadline: deadline)
        }
        observer.observe(.ledgerHalted(ledger: ledger.origin.text, reason: reason))
    }

    /// Keeps a halt outside the database. What goes wrong there stands in the reason, for the halt holds all the same.
    static func remember(_ halt: Halt, of origin: Origin, in fence: (any Fence)?) -> Halt {
        do {
            try fence?.remember(halt, of: origin)
            return halt
        } catch {
            return Halt("\(halt.reason); \(error)", expecting: halt.expected)
        }
    }

    /// Halts a ledger. It touches no row where the halt that is there says as much.
    static func haltStatement(_ halt: Halt, of ledgerID: Int64) -> Statement {
        guard halt.expected.size > 0 else {
            return """
                UPDATE countersign.ledgers SET halted = \(halt.reason)
                WHERE ledger_id = \(ledgerID) AND halted IS NULL RETURNING ledger_id
                """
        }
        return """
            UPDATE countersign.ledgers
            SET halted = coalesce(halted, \(halt.reason)), halted_size = \(halt.expected.size),
                halted_root = \(halt.expected.root.bytes)
            WHERE ledger_id = \(ledgerID) AND (halted IS NULL OR coalesce(halted_size, 0) < \(halt.expected.size))
            RETURNING ledger_id
            """
    }

    /// Lets the ledger grow again, and records that: a `policy/changed` entry with the checkpoint that the ledger was
    /// held to. It is for whoever has done so to call. What the journal of erasures names is erased again meanwhile:
    /// nobody is shown a sealed value of it before.
    ///
    /// - Parameters:
    ///   - reappended: the entries that were lost and appended again byte for byte, and the export that had them.
    ///   - timeout: how long each append may take.
    /// - Returns: the entry, and how many entries were erased again.
    package func resume(
        _ ledger: StoredLedger, heldTo checkpoint: Checkpoint, reappended: Reappended? = nil, reporter: Reporter,
        timeout: Duration
    ) async throws -> (placed: Placed, erasedCount: Int) {
        environment.repairs.insert(ledger.id)
        defer { environment.repairs.remove(ledger.id) }
        var data: [JSONValue.Member] = [
            .init("checkpoint", checkpoint.json), .init("event", "ledger.resumed"),
        ]
        if let reappended { data += reappended.members }
        let draft = try Draft(
            Event(kind: .policy, outcome: "changed", data: data), origin: ledger.origin, reporter: reporter,
            random: Random.bytes)
        let placed = try await append(
            AppendUnit([.init(draft, keys: ledger.keys)]), to: ledger, deadline: .now + timeout)[0]
        let erasedCount = try await applyJournal(reporter: reporter, timeout: timeout)
        // Last in the database: who is cut off in between finds a halted ledger.
        try environment.fence?.forgetHalt(of: ledger.origin)
        try await read { connection, deadline in
            _ = try await connection.query(
                """
                UPDATE countersign.ledgers
                SET halted = NULL, halted_size = NULL, halted_root = NULL, resumed_seq = \(placed.seq)
                WHERE ledger_id = \(ledger.id) AND halted IS NOT NULL
                """, deadline: deadline)
        }
        return (placed, erasedCount)
    }
}

/// Entries that were lost and appended again, and the export that had them.
package struct Reappended: Sendable {
    package let entries: Range<Int>
    /// The export's size in bytes, and what they hash to.
    package let exportSize: Int
    package let exportDigest: Digest

    package init(_ entries: Range<Int>, exportSize: Int, exportDigest: Digest) {
        self.entries = entries
        self.exportSize = exportSize
        self.exportDigest = exportDigest
    }

    fileprivate var members: [JSONValue.Member] {
        [
            .init("export", ["sha256": .string(exportDigest.hex), "size": .integer(exportSize)]),
            .init(
                "reappended",
                ["from_seq": .integer(entries.lowerBound), "to_seq": .integer(entries.upperBound - 1)]),
        ]
    }
}

extension StoreError {
    /// What callers are told of a halt. The reason is the operator's.
    static func halted(_ reason: String) -> StoreError {
        StoreError(
            .halted,
            "nothing is appended, for what is stored contradicts what was signed or answered; an operator finds the "
                + "way out with `countersign doctor --after-restore`", committed: .no)
    }
}
