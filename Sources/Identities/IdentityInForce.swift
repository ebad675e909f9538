package import Ledger
package import LedgerStore
import Postgres

/// What was known of a sender's identity when one of its messages was recorded.
package struct IdentityInForce: Sendable {
    /// The `send` entry.
    package let seq: Int
    /// The sender's address, or its domain where only that was checked.
    package let identity: String
    /// The last check before the entry.
    package let verificationSeq: Int
    package let assessment: String
}

extension IdentityRegister {
    /// The check in force for each `send` entry among `entries`: the last one before it of the sender's address, or
    /// else of its domain. Entries without any are left out.
    package func inForce(
        for entries: [Entry], in ledger: StoredLedger
    ) async throws(StoreError) -> [IdentityInForce] {
        var sends: (seqs: [Int64], senders: [String], domains: [String]) = ([], [], [])
        for entry in entries where entry.kind == Kind.send.rawValue {
            guard let sender = entry.sender.flatMap({ try? Address($0) }) else { continue }
            sends.seqs.append(Int64(entry.seq))
            sends.senders.append(sender.lookupForm)
            sends.domains.append(sender.domain)
        }
        guard !sends.seqs.isEmpty else { return [] }
        return try await store.read { [sends] connection, deadline in
            let rows = try await connection.query(
                """
                SELECT s.seq, v.identity, v.seq, v.assessment
                FROM unnest(\(sends.seqs), \(sends.senders), \(sends.domains)) AS s (seq, sender, domain)
                CROSS JOIN LATERAL (
                    SELECT found.identity, found.seq, found.assessment
                    FROM (VALUES (0, s.sender), (1, s.domain)) AS known (distance, identity)
                    CROSS JOIN LATERAL (
                        SELECT identity, seq, assessment FROM countersign.identity_verifications
                        WHERE ledger_id = \(ledger.id) AND identity = known.identity AND seq < s.seq
                        ORDER BY seq DESC LIMIT 1
                    ) found
                    ORDER BY known.distance LIMIT 1
                ) v
                ORDER BY s.seq
                """, deadline: deadline)
            return try rows.map { row in
                IdentityInForce(
                    seq: try row.int(0, in: Entry.seqs), identity: try row.text(1),
                    verificationSeq: try row.int(2, in: Entry.seqs),
                    assessment: try row.text(3))
            }
        }
    }
}
