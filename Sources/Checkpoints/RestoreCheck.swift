import Cryptography
package import Ledger
package import LedgerStore

/// Holds a database, line by line, to the newest checkpoint that its guard knows, and to the tree that a halt expected:
/// what somebody asks who has restored a backup, or failed over.
package struct RestoreCheck: Sendable {
    /// What was found.
    package enum Verdict: Sendable, Equatable {
        /// Nothing was ever signed here, or the guard is gone: there is nothing to hold the ledger to.
        case noGuard
        /// The database is at, or beyond, the checkpoint, and grows out of it.
        case grown(Checkpoint, size: Int)
        /// Entries that were signed, or answered, are not there.
        case behind(Checkpoint, size: Int)
        /// The entries that were signed, or answered, are others than those that are there.
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

    /// The trees that the ledger must contain, the smallest first: the one that was signed last, and the one that a
    /// halt expected, if that is another one.
    package func expected(of ledger: StoredLedger) async throws -> [Checkpoint] {
        let signed = try guards.record(of: ledger.origin)?.checkpoint
        let halted = try await store.halt(of: ledger)?.expected
        let known = [signed, halted.flatMap { $0.size > 0 && $0 != signed ? $0 : nil }]
        return known.compactMap(\.self).sorted { $0.size < $1.size }
    }

    /// Reads all lines.
    package func check(_ ledger: StoredLedger) async throws -> Verdict {
        let expected = try await expected(of: ledger)
        // A halt alone holds a ledger that was made without a key; of any other one the guard is missing.
        let wantsGuard = try await !store.signingKeys(of: ledger).isEmpty
        guard let largest = expected.last, try !wantsGuard || guards.record(of: ledger.origin) != nil else {
            return .noGuard
        }
        let head = try await store.head(of: ledger)
        var tree = CompactRange()
        for known in expected {
            let common = min(known.size, head.size)
            tree = try await store.hashLines(of: ledger, in: tree.size..<common, onto: tree)
            guard tree.size == common else { return .broken(size: tree.size) }
            if common == known.size, tree.root != known.root { return .other(known) }
        }
        tree = try await store.hashLines(of: ledger, in: tree.size..<head.size, onto: tree)
        guard tree.size == head.size, tree.root == head.root else { return .broken(size: head.size) }
        return head.size < largest.size ? .behind(largest, size: head.size) : .grown(largest, size: head.size)
    }
}
