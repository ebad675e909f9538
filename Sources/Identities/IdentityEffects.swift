package import Ledger
package import LedgerStore
package import Postgres

/// What an entry calls for in the tables of identities, made again from its line. The DNS evidence that a check rests
/// on is in no line.
package enum IdentityEffects {
    package static func statements(of entry: Entry, in ledger: StoredLedger) -> [Statement] {
        guard !entry.isProducers, let data = entry.json["data"], let identity = data["identity"]?.text else {
            return []
        }
        switch (entry.kind, data["event"]?.text) {
        case ("policy", "identity.set"):
            guard let settings = data["settings"] else { return [] }
            let text = String(decoding: CanonicalWriter.bytes(of: settings), as: UTF8.self)
            return [IdentityRegister.setIdentity(identity, text, of: ledger, at: entry.seq)]
        case ("verification", "identity.verified"):
            return IdentityChecks.noteCheck(of: identity, entry.outcome, in: ledger, at: entry.seq)
        default: return []
        }
    }
}
