import Cryptography
package import Ledger
import Postgres

/// What may be read of a ledger without a token.
package enum PublicReads: String, Sendable, CaseIterable, Comparable {
    case none
    /// Checkpoints and tiles of hashes: who holds a line can prove it, and nobody learns one.
    case hashes
    /// The lines as well.
    case entries

    package static func < (left: PublicReads, right: PublicReads) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension LedgerStore {
    /// What may be read without a token, and of which ledger; nil if there is none of this name.
    package func publicReads(
        _ origin: Origin
    ) async throws(StoreError) -> (ledger: StoredLedger, level: PublicReads)? {
        let found = try await lookUp { connection, deadline in
            try await connection.query(
                "SELECT public_reads FROM countersign.ledgers WHERE ledger_id = \(origin.ledgerID)",
                deadline: deadline
            ).first.map { PublicReads(rawValue: try $0.text(0)) ?? .none }
        }
        guard let found, let ledger = try await ledger(origin) else { return nil }
        return (ledger, found)
    }

    /// Sets what may be read without a token: a `policy/changed` entry, and the column that follows from it.
    package func setPublicReads(
        of ledger: StoredLedger, _ level: PublicReads, reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        let draft = try Draft(
            Event(
                kind: .policy, outcome: "changed",
                data: [.init("event", "ledger.published"), .init("level", .string(level.rawValue))]),
            origin: ledger.origin, reporter: reporter, random: Random.bytes)
        let unit = AppendUnit([.init(draft, keys: ledger.keys)], changes: [.ledger]) { placed in
            placed.map { Self.setPublicReads(level, of: ledger.id, at: $0.seq) }
        }
        return try await append(unit, to: ledger, deadline: deadline)[0]
    }

    /// What follows from the entry at `seq`.
    static func setPublicReads(_ level: PublicReads, of ledgerID: Int64, at seq: Int) -> Statement {
        """
        UPDATE countersign.ledgers SET public_reads = \(level.rawValue), published_seq = \(seq)
        WHERE ledger_id = \(ledgerID)
        """
    }
}
