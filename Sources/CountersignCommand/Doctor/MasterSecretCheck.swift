import Ledger
import LedgerStore

/// Whether the master secret is there, kept to its owner, and the one that every ledger was made with.
struct MasterSecretCheck {
    private static let check = "master secret"
    private static let loss =
        "keep a copy apart from the database's backups: without this file nothing can be appended, repeated keys "
        + "are not recognised and people cannot be looked up; reading and verifying go on"

    private let location: DatabaseLocation

    init(_ location: DatabaseLocation) { self.location = location }

    func results() async throws -> [CheckResult] {
        guard let path = location.masterKeyPath else {
            return [.warn(Self.check, "none is named, so nothing was checked", next: "add --master-key FILE")]
        }
        if case .failure(let fault) = location.masterSecret() {
            let complaint = Complaint(fault)
            return [.fail(Self.check, complaint.reason, next: "\(complaint.next ?? "restore the file"); \(Self.loss)")]
        }
        let ledgers = try await OpenStore.with(location) { open in try await open.store.allLedgers() }
        let wrong = ledgers.filter { $0.keyFault != nil }.map(\.origin.text)
        guard wrong.isEmpty else {
            return [
                .fail(
                    Self.check, "\(path) is not the one that \(wrong.joined(separator: ", ")) was made with",
                    next: "restore the right file; \(Self.loss)")
            ]
        }
        let count = ledgers.count == 1 ? "the ledger" : "all \(ledgers.count) ledgers"
        return [.ok(Self.check, "\(path), mode 0600, matches \(count); \(Self.loss)")]
    }
}
