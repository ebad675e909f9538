import Checkpoints
import Ledger
import LedgerStore

/// What `countersign doctor --after-restore` says of each ledger, and does: a halted one that holds may go on.
struct AfterRestore {
    private static let check = "after restore"

    private let open: OpenStore
    private let folders: SigningFolders

    init(_ open: OpenStore) throws {
        self.open = open
        folders = try open.location.requireSigning()
    }

    func results() async throws -> [CheckResult] {
        var results: [CheckResult] = []
        for ledger in try await open.store.allLedgers() { results.append(try await result(ledger)) }
        return try await results + folders.missingLedgers(in: open.store).map(CheckResult.missing)
    }

    /// - Parameter reappended: entries that were lost and were appended again just now.
    func result(_ ledger: StoredLedger, reappended: Reappended? = nil) async throws -> CheckResult {
        let name = "\(Self.check): \(ledger.origin.text)"
        let verdict: RestoreCheck.Verdict
        do {
            verdict = try await RestoreCheck(store: open.store, guards: folders.guards).check(ledger)
        } catch let fault as GuardFolder.Fault {
            let complaint = Complaint(fault)
            return .fail(name, complaint.reason, next: complaint.next ?? "restore the guard")
        }
        switch verdict {
        case .noGuard:
            return .fail(
                name, "there is no \(folders.guards.file(of: ledger.origin)), so nothing says how far the ledger was",
                next: "put the guard back as it was last; it is never restored together with the database")
        case .grown(let known, let size): return try await resume(ledger, known, size: size, reappended, name)
        case .behind(let known, let size):
            return .fail(
                name,
                "the database has \(size) entries, and \(known.size) were \(try deed(known, ledger)): "
                    + "\(known.size - size) are lost",
                next: "restore further, up to the last write-ahead log; after a failover take the lost entries from "
                    + "the old primary (`countersign export --unrecorded`); whichever export has them, `countersign "
                    + "ledger reappend EXPORT` gives them back; else begin a successor: `countersign ledger create NEW "
                    + "--successor-of CHECKPOINT` with the guard's checkpoint. Never remove the guard")
        case .other(let known):
            return .fail(
                name, "the first \(known.size) entries are not the ones that were \(try deed(known, ledger))",
                next: "this is not the database that was signed or answered from, or somebody rewrote it: restore a "
                    + "backup from before, or go back to the right one, and keep this one as evidence")
        case .broken(let size):
            return .fail(
                name, "the stored lines do not make the tree of \(size) entries",
                next: "run `countersign verify`, which names what is wrong")
        }
    }

    /// What was done with a tree that the ledger is held to.
    private func deed(_ known: Checkpoint, _ ledger: StoredLedger) throws -> String {
        try folders.guards.record(of: ledger.origin)?.checkpoint == known ? "signed" : "answered"
    }

    private func resume(
        _ ledger: StoredLedger, _ known: Checkpoint, size: Int, _ reappended: Reappended?, _ name: String
    ) async throws -> CheckResult {
        let tree = try deed(known, ledger) == "signed" ? "the signed checkpoint" : "the answered tree"
        let detail = "\(size) entries, which grow out of \(tree) of \(known.size)"
        guard try await open.store.haltReason(of: ledger) != nil else { return .ok(name, detail) }
        guard ledger.keyFault == nil else {
            return .fail(name, "\(detail); it stays halted, for the master secret is missing", next: "restore its file")
        }
        let (placed, erased) = try await open.store.resume(
            ledger, heldTo: known, reappended: reappended, reporter: OpenStore.reporter,
            timeout: OpenStore.appendTimeout)
        let again = erased == 0 ? "" : "; \(erased) entries were erased again, as the journal of erasures has it"
        return .ok(name, "\(detail); it was halted and goes on, as entry \(placed.seq) says\(again)")
    }
}
