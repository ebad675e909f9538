import Ledger
import Observation
import Postgres

extension LedgerStore {
    /// The `seq` of the entry that was appended with this idempotency tag, or nil: so that nothing need be done for a
    /// request that came before. Two at once may both hear nil; which is the first, the append decides.
    package func seq(ofKey tag: [UInt8], in ledger: StoredLedger) async throws(StoreError) -> Int? {
        try await lookUp { connection, deadline in
            try await connection.query(
                "SELECT first_seq FROM countersign.keys WHERE ledger_id = \(ledger.id) AND tag = \(tag)",
                deadline: deadline
            ).oneIfPresent().map { try $0.int(0, in: Entry.seqs) }
        }
    }

    /// Refuses where the ledger's keys are missing: what is made by them would match nothing.
    package func requireKeys(of ledger: StoredLedger) throws(StoreError) {
        guard ledger.keyFault != nil else { return }
        observer.observe(.masterSecretRefused(ledger: ledger.origin.text))
        throw StoreError(.keyRefused, StoredLedger.keyRefusal, committed: .no)
    }
}
