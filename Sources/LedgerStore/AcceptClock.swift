import Cryptography
package import Ledger
import Postgres

extension LedgerStore {
    /// Records the operator's word that a jump of the clock is real: entries may be stamped again, and as long as the
    /// clock stands behind the last entry they carry its time.
    package func acceptClock(
        of ledger: StoredLedger, reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        let draft = try Draft(
            Event(kind: .policy, outcome: "changed", data: [.init("event", "clock.accepted")]),
            origin: ledger.origin, reporter: reporter, random: Random.bytes)
        let unit = AppendUnit([.init(draft, keys: ledger.keys)], acceptsClock: true) { placed in
            placed.map { Self.acceptClock(until: $0.recordedAt, of: ledger.id, at: $0.seq) }
        }
        return try await append(unit, to: ledger, deadline: deadline)[0]
    }

    /// What follows from the entry at `seq`, whose time `until` is.
    static func acceptClock(until: Timestamp, of ledgerID: Int64, at seq: Int) -> Statement {
        """
        UPDATE countersign.ledgers SET clock_accepted_until = \(PostgresTimestamp(until)), clock_accepted_seq = \(seq)
        WHERE ledger_id = \(ledgerID)
        """
    }
}
