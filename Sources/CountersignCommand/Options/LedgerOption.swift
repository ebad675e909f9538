import ArgumentParser
import Ledger
import LedgerStore

/// Which ledger of the database a command works on.
struct LedgerOption: ParsableArguments {
    @Option(
        name: .customLong("ledger"),
        help: ArgumentHelp("The ledger, such as acme.example/mail (default: the only one).", valueName: "origin"))
    var origin: String?

    /// The ledger that is meant.
    func find(in store: LedgerStore) async throws -> StoredLedger {
        if let origin {
            let wanted = try Origin(origin)
            if let ledger = try await store.ledger(wanted) { return ledger }
            let known = try await store.allLedgers().map(\.origin.text)
            throw Complaint(
                "there is no ledger \(wanted.text)",
                next: known.isEmpty
                    ? "make it with `countersign ledger create \(wanted.text)`"
                    : "there is \(known.joined(separator: ", ")); or make it with `countersign ledger create`")
        }
        let ledgers = try await store.allLedgers()
        guard let ledger = ledgers.first else {
            throw Complaint(
                "the database holds no ledger",
                next: "make one with `countersign ledger create host/name`, or let `countersign serve` make it")
        }
        guard ledgers.count == 1 else {
            let names = ledgers.map(\.origin.text).joined(separator: ", ")
            throw Complaint("the database holds several ledgers", next: "add --ledger, one of \(names)", status: .usage)
        }
        return ledger
    }
}
