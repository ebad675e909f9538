import Cryptography
package import Ledger
package import LedgerStore

/// Holds a database, line by line, to the newest checkpoint that its guard knows: what somebody asks who has restored a
/// backup, or failed over.
package struct RestoreCheck: Sendable {
    /// What was found.
    package enum Verdict: Sendable, Equatable {
        /// Nothing was ever signed here, or the guard is gone: there is nothing to hold the ledger to.
        case noGuard
        /// The database is at, or beyond, the checkpoint, and grows out of it.
        case grown(Checkpoint, size: Int)
        /// Entries that were signed are not there.
        case behind(Checkpoint, size: Int)
        /// The entries that were signed are others than those that are there.
        case other(Checkpoint)
        /// The lines that are there do not make the tree that the database says they make.
        case broken(size: Int)
    }

    private let store: LedgerStore
    private let guards: GuardFolder

    package init(store: LedgerStore, guards: GuardFolder) {
        self.store = store
        self.guards = guards
    }

    /// Reads all lines.
    package func check(_ ledger: StoredLedger) async throws -> Verdict {
        guard let known = try guards.record(of: ledger.origin)?.checkpoint else { return .noGuard }
        let head = try await store.head(of: ledger)
        let common = min(known.size, head.size)
        var tree = try await store.hashLines(of: ledger, in: 0..<common, onto: CompactRange())
        guard tree.size == common else { return .broken(size: tree.size) }
        if common == known.size, tree.root != known.root { return .other(known) }
        tree = try await store.hashLines(of: ledger, in: common..<head.size, onto: tree)
        guard tree.size == head.size, tree.root == head.root else { return .broken(size: head.size) }
        return head.size < known.size ? .behind(known, size: head.size) : .grown(known, size: head.size)
    }
}
