import LedgerStore

/// Whether the journal of erasures can be read, and names what the database has erased, no less and no more.
struct JournalCheck {
    private static let check = "journal of erasures"

    private let store: LedgerStore

    init(_ store: LedgerStore) {
        self.store = store
    }

    func result() async throws -> CheckResult {
        let state: LedgerStore.JournalState?
        do {
            state = try await store.journalState()
        } catch let fault as ErasureJournal.Fault {
            let complaint = Complaint(fault)
            return .fail(Self.check, complaint.reason, next: complaint.next ?? "see to the file")
        }
        guard let state else {
            return .warn(
                Self.check, "no file is named: a restored backup brings back what was erased since",
                next: "add --erasure-journal FILE, here and to `countersign serve`")
        }
        if state.undoneCount > 0 {
            return .fail(
                Self.check, "\(state.undoneCount) erasures that \(state.path) names were undone by a restore",
                next: "start the service, which erases again before it serves; a halted ledger first needs "
                    + "`countersign doctor --after-restore`")
        }
        if state.unwrittenCount > 0 {
            return .warn(
                Self.check, "\(state.unwrittenCount) erasures are not named in \(state.path)",
                next: "other instances write files of their own: join them; or start the service here, which writes "
                    + "what is missing")
        }
        return .ok(Self.check, "\(state.path) names \(state.namedCount) erasures, and none is missing")
    }
}
