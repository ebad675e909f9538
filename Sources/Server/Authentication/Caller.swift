import LedgerStore

/// Who calls: a live token and the one ledger that exists for it.
struct Caller: Sendable {
    let ledger: StoredLedger
    let grant: TokenGrant
}
