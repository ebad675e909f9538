package import Ledger
import LedgerStore

/// A receipt with what it is worth.
package struct Receipt: Sendable {
    /// The file that a stranger checks (C2SP tlog-proof).
    package let proof: TlogProof
    package let assurance: Assurance

    init(_ proof: TlogProof, under published: PublishedCheckpoint) {
        self.proof = proof
        assurance = Assurance(of: published)
    }
}
