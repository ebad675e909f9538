package import Ledger

/// One ledger of the database, with the keys that its tags are made with.
package struct StoredLedger: Sendable {
    /// ``Ledger/Origin/ledgerID`` of its name: every key begins with it, so that ledgers can be spread over databases
    /// and move between them.
    package let id: Int64
    package let origin: Origin
    package let keys: LedgerKeys
    /// Why the keys are not the ledger's, with the next step; nothing is appended or looked up by them then.
    package let keyFault: String?

    /// What callers are told of it: paths are for the operator.
    static let keyRefusal =
        "the master secret is missing or is not the ledger's; an operator finds the way out with `countersign doctor`"
    /// Whether there was a master secret to derive the keys from, right or wrong.
    let hasSecret: Bool

    init(id: Int64, origin: Origin, keys: LedgerKeys, keyFault: String? = nil, hasSecret: Bool = true) {
        self.id = id
        self.origin = origin
        self.keys = keys
        self.keyFault = keyFault
        self.hasSecret = hasSecret
    }
}
