import Cryptography
import Ledger
import Postgres

/// What an entry of the ledger's own administration calls for beside itself, made again from its line: what the units
/// that appended it wrote as their effects. Erasures are apart (``ErasureEffects``).
enum EntryEffects {
    static func statements(of entry: Entry, in ledger: StoredLedger) -> [Statement] {
        guard !entry.isProducers, let data = entry.json["data"] else { return [] }
        let statement: Statement? =
            switch (entry.kind, data["event"]?.text) {
            case ("access", "token.granted"):
                TokenRow(granted: data, by: entry.reporterID, at: entry.seq)?.insert(into: ledger.id)
            case ("access", "token.revoked"):
                data["token_id"]?.text.map { LedgerStore.revokeToken($0, of: ledger.id, at: entry.seq) }
            case ("access", "hold.placed"): hold(entry, data, ledger.id)
            case ("access", "hold.released"):
                data["hold_id"]?.text.map { LedgerStore.releaseHold($0, of: ledger.id, at: entry.seq) }
            case ("policy", "clock.accepted"):
                LedgerStore.acceptClock(until: entry.recordedAt, of: ledger.id, at: entry.seq)
            case ("policy", "ledger.published"):
                data["level"]?.text.flatMap(PublicReads.init(rawValue:))
                    .map { LedgerStore.setPublicReads($0, of: ledger.id, at: entry.seq) }
            case ("policy", KeyRotation.event):
                KeyRotation(data: data).map { LedgerStore.insertKey($0.key, of: ledger.id, at: entry.seq) }
            default: nil
            }
        return statement.map { [$0] } ?? []
    }

    private static func hold(_ entry: Entry, _ data: JSONValue, _ ledgerID: Int64) -> Statement? {
        guard let id = data["hold_id"]?.text else { return nil }
        let scope: Statement
        if let message = data["message_id"]?.text {
            scope = "VALUES (NULL::bytea, \(message), NULL::bigint, NULL::bigint)"
        } else if let first = data["from_seq"]?.number, let last = data["to_seq"]?.number {
            scope = "VALUES (NULL::bytea, NULL::text, \(first), \(last))"
        } else {
            guard let pseudonym = entry.subjects.first else { return nil }
            scope = "VALUES (\(pseudonym.bytes), NULL::text, NULL::bigint, NULL::bigint)"
        }
        return LedgerStore.insertHold(
            id, on: scope, reference: data["reference"]?.text ?? "", of: ledgerID, at: entry.seq)
    }
}
