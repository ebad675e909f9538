import LedgerStore

/// An identity that this instance checks now, and nobody else.
struct IdentityClaim: Sendable {
    let ledger: StoredLedger
    let name: IdentityName
    let settings: IdentitySettings
    let setSeq: Int
    /// What stands in its row while the claim is ours.
    let claim: [UInt8]
}
