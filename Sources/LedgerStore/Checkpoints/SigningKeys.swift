import Cryptography
package import Ledger
import Postgres

/// The keys that a ledger's checkpoints are signed with, as its entries name them.
extension LedgerStore {
    /// The keys that were ever current, the oldest first; none where the ledger was made without one.
    package func signingKeys(of ledger: StoredLedger) async throws(StoreError) -> [NoteKey] {
        let texts = try await read { connection, deadline in
            try await connection.query(
                "SELECT vkey FROM countersign.signing_keys WHERE ledger_id = \(ledger.id) ORDER BY seq",
                deadline: deadline
            ).map { try $0.text(0) }
        }
        do throws(NoteFault) {
            return try texts.map { text throws(NoteFault) in try NoteKey(vkey: Array(text.utf8)) }
        } catch {
            throw StoreError(.internal, "a stored key is unreadable (\(error.rawValue)); run `countersign verify`")
        }
    }

    /// Makes `rotation`'s new key the current one: a `policy/changed` entry with both keys and the old one's signature,
    /// and the row that follows from it.
    package func rotateSigningKey(
        of ledger: StoredLedger, _ rotation: KeyRotation, reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        let draft = try Draft(
            Event(kind: .policy, outcome: "changed", data: rotation.data), origin: ledger.origin, reporter: reporter,
            random: Random.bytes)
        let previous = rotation.previousKey.vkey
        let isCurrent = AppendUnit.Guard(
            reading: [.ledger],
            "SELECT vkey FROM countersign.signing_keys WHERE ledger_id = \(ledger.id) ORDER BY seq DESC LIMIT 1"
        ) { rows in
            try rows.first?.text(0) == previous
                ? nil : StoreError(.inProgress, "the ledger's current key is another one by now", committed: .no)
        }
        let key = rotation.key
        let unit = AppendUnit([.init(draft, keys: ledger.keys)], guards: [isCurrent], changes: [.ledger]) { placed in
            placed.map { Self.insertKey(key, of: ledger.id, at: $0.seq) }
        }
        return try await append(unit, to: ledger, deadline: deadline)[0]
    }

    static func insertKey(_ key: NoteKey, of ledgerID: Int64, at seq: Int) -> Statement {
        "INSERT INTO countersign.signing_keys (ledger_id, seq, vkey) VALUES (\(ledgerID), \(seq), \(key.vkey))"
    }
}
