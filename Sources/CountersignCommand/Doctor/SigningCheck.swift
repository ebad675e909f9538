import Checkpoints
import Ledger
import LedgerStore

/// Whether every ledger has its signing key and its guard here, grows, and is not behind what was signed.
struct SigningCheck {
    private static let check = "signing"

    private let open: OpenStore
    private let folders: SigningFolders

    init(_ open: OpenStore, _ folders: SigningFolders) {
        self.open = open
        self.folders = folders
    }

    func results() async throws -> [CheckResult] {
        var results: [CheckResult] = []
        var good = 0
        for ledger in try await open.store.allLedgers() {
            if let result = try await fault(ledger) { results.append(result) } else { good += 1 }
        }
        results += try await folders.missingLedgers(in: open.store).map(CheckResult.missing)
        if results.isEmpty {
            let ledgers = good == 1 ? "the ledger has" : "all \(good) ledgers have"
            results.append(
                .ok(
                    Self.check,
                    "\(ledgers) a current key in \(folders.keys.path) and a guard in \(folders.guards.path); keep a "
                        + "copy of the keys apart, and never restore the guard together with the database"))
        }
        return results
    }

    private func fault(_ ledger: StoredLedger) async throws -> CheckResult? {
        let name = "\(Self.check): \(ledger.origin.text)"
        if let reason = try await open.store.haltReason(of: ledger) {
            return .fail(
                name, "HALTED: \(reason)", next: "find out why, then run `countersign doctor --after-restore`")
        }
        guard let named = try await open.store.signingKeys(of: ledger).last else {
            return .warn(name, "made without a key: no checkpoint is signed", next: "begin a successor ledger")
        }
        do {
            guard let held = try folders.keys.keys(of: ledger.origin) else {
                return .fail(
                    name, "there is no \(folders.keys.file(of: ledger.origin)): nothing is signed",
                    next: "restore it from your backup of that file")
            }
            guard held.first?.key == named else {
                return .fail(
                    name, "the key in \(folders.keys.file(of: ledger.origin)) is not the ledger's current one",
                    next: "restore the right file, or finish the rotation with `countersign ledger rotate-key`")
            }
            guard let known = try folders.guards.record(of: ledger.origin)?.checkpoint else {
                return .fail(
                    name, "there is no \(folders.guards.file(of: ledger.origin)): nothing is signed",
                    next: "put the guard back as it was last")
            }
            let size = try await open.store.head(of: ledger).size
            guard size >= known.size else {
                return .fail(
                    name, "the database has \(size) entries, and \(known.size) were signed",
                    next: "run `countersign doctor --after-restore`")
            }
        } catch let error where error is KeyFolder.Fault || error is GuardFolder.Fault {
            let complaint = Complaint(error)
            return .fail(name, complaint.reason, next: complaint.next ?? "restore the file")
        }
        return nil
    }
}
