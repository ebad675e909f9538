package import Cryptography
package import LedgerStore
import MailAuthentication
import Postgres

/// What the name system said, kept under the digest of its canonical JSON: the table `dns_evidence`.
extension LedgerStore {
    /// The evidence with this digest as canonical JSON, or nil if the ledger keeps none.
    package func dnsEvidence(_ digest: Digest, of ledger: StoredLedger) async throws(StoreError) -> [UInt8]? {
        try await read { connection, deadline in
            try await connection.query(
                """
                SELECT evidence FROM countersign.dns_evidence
                WHERE ledger_id = \(ledger.id) AND digest = \(digest.bytes)
                """, deadline: deadline
            ).oneIfPresent().map { Array(try $0.text(0).utf8) }
        }
    }

    /// Those of `digests` that the ledger keeps, in no order.
    func dnsEvidence(_ digests: [Digest], of ledger: StoredLedger) async throws(StoreError) -> [DNSEvidence] {
        guard !digests.isEmpty else { return [] }
        return try await read { connection, deadline in
            let rows = try await connection.query(
                """
                SELECT d.evidence
                FROM unnest(\(digests.map(\.bytes))) AS wanted (digest) CROSS JOIN LATERAL (
                    SELECT evidence FROM countersign.dns_evidence
                    WHERE ledger_id = \(ledger.id) AND digest = wanted.digest LIMIT 1
                ) d
                """, deadline: deadline)
            return try rows.compactMap { DNSEvidence(json: Array(try $0.text(0).utf8)) }
        }
    }

    /// Keeps `evidence`, once, in the transaction of the entry that names it.
    static func keeping(_ evidence: [DNSEvidence], of ledger: StoredLedger) -> [Statement] {
        guard !evidence.isEmpty else { return [] }
        let texts = evidence.map { String(decoding: $0.json, as: UTF8.self) }
        return [
            """
            INSERT INTO countersign.dns_evidence (ledger_id, digest, evidence)
            SELECT \(ledger.id), digest, evidence
            FROM unnest(\(evidence.map(\.id.bytes)), \(texts)) AS d (digest, evidence)
            ON CONFLICT DO NOTHING
            """
        ]
    }
}
