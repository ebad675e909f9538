import Checkpoints
import Ledger
import LedgerStore

/// Makes the first ledger of a database, and its first token, when there is none yet.
struct FirstLedger {
    /// What the first ledger is called when nobody names it.
    static let defaultOrigin = "countersign.local/mail"
    static let reporter = Reporter(id: "serve", via: .service)
    private static let tokenName = "first"

    /// What was found or made.
    struct Outcome: Sendable {
        let ledgers: [StoredLedger]
        /// Shown this once.
        let token: BearerToken?
    }

    let store: LedgerStore
    /// Where a new ledger's key and guard go.
    let signing: () throws(Complaint) -> SigningFolders
    /// The name that was asked for, if any.
    let origin: String?

    /// - Throws: where `origin` names a ledger that is not there beside others that are: a typing error would make a
    ///   ledger that can never be renamed.
    func prepare() async throws -> Outcome {
        var ledgers = try await store.allLedgers()
        let wanted = try Origin(origin ?? Self.defaultOrigin)
        if ledgers.isEmpty {
            let made = try await signing().createLedger(
                wanted, in: store, reporter: Self.reporter, deadline: OpenStore.appendDeadline)
            ledgers = [made.ledger]
        }
        guard let ledger = ledgers.first(where: { $0.origin == wanted }) else {
            guard origin != nil else { return Outcome(ledgers: ledgers, token: nil) }
            throw Complaint(
                "there is no ledger \(wanted.text), and others are there",
                next: "make it with `countersign ledger create \(wanted.text)`, or leave --ledger out; there is "
                    + ledgers.map(\.origin.text).joined(separator: ", "))
        }
        return Outcome(ledgers: ledgers, token: try await firstToken(of: ledger))
    }

    /// The admin token of a ledger that never had any: of a new one, or of one whose first start was cut off.
    private func firstToken(of ledger: StoredLedger) async throws -> BearerToken? {
        guard ledger.keyFault == nil, try await store.tokens(of: ledger).isEmpty else { return nil }
        return try await store.grantToken(
            of: ledger, TokenTerms(name: Self.tokenName, scopes: [.admin]), reporter: Self.reporter,
            deadline: OpenStore.appendDeadline
        ).token
    }
}
