import Cryptography
import LedgerStore
import MailAuthentication
import Postgres

/// What the name system said, kept under the digest of its canonical JSON: the table `dns_evidence`.
extension LedgerStore {
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
