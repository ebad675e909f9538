package import Cryptography
package import Ledger
import Postgres

/// The state of a ledger's tree.
package struct TreeHead: Sendable {
    package let size: Int
    package let root: Digest

    package init(size: Int, root: Digest) {
        self.size = size
        self.root = root
    }
}

extension LedgerStore {
    /// The newest head of the ledger.
    package func head(of ledger: StoredLedger) async throws(StoreError) -> TreeHead {
        try await read { connection, deadline in
            let row = try await connection.query(
                """
                SELECT size, root FROM countersign.heads WHERE ledger_id = \(ledger.id) ORDER BY size DESC LIMIT 1
                """, deadline: deadline
            ).one()
            guard let root = Digest(try row.bytes(1)) else {
                throw PostgresError(.decoding, "a root has another length than 32 bytes")
            }
            return TreeHead(size: try row.int(0, in: Entry.seqs), root: root)
        }
    }

    /// The size of the newest head; 0 where there is none.
    static func size(
        of ledger: StoredLedger, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> Int {
        try await connection.query(
            "SELECT coalesce(max(size), 0) FROM countersign.heads WHERE ledger_id = \(ledger.id)", deadline: deadline
        ).one().int(0, in: Entry.seqs)
    }

    /// The hashes that `plan` needs, and what they fold to. Nil if the ledger lacks some.
    private func hashes(_ plan: HashPlan, of ledger: StoredLedger) async throws(StoreError) -> [Digest]? {
        try await read { connection, deadline in
            let stored = try await TreeSQL.hashes(plan.neededHashes, of: ledger.id, connection, deadline)
            return try? plan.hashes(from: stored)
        }
    }

    /// The root at `size`; nil if the tree is smaller.
    ///
    /// - Parameter known: the newest head, if the caller has it.
    package func root(
        of ledger: StoredLedger, size: Int, head known: TreeHead? = nil
    ) async throws(StoreError) -> Digest? {
        let head: TreeHead
        if let known { head = known } else { head = try await self.head(of: ledger) }
        if size == head.size { return head.root }
        guard size >= 1, size < head.size, let subtrees = try await hashes(CompactRange.plan(size: size), of: ledger)
        else { return nil }
        return CompactRange(size: size, subtrees: subtrees)?.root
    }

    /// The proof that the entry at `seq` is in the tree of `size`; nil where there is no such tree or entry.
    package func inclusionProof(
        of ledger: StoredLedger, seq: Int, size: Int
    ) async throws(StoreError) -> InclusionProof? {
        guard let plan = InclusionProof.plan(index: seq, size: size) else { return nil }
        return try await hashes(plan, of: ledger).map(InclusionProof.init(hashes:))
    }

    /// The proof that the tree of `from` entries is the beginning of the tree of `to`; nil where there are no such
    /// trees.
    package func consistencyProof(
        of ledger: StoredLedger, from: Int, to: Int
    ) async throws(StoreError) -> ConsistencyProof? {
        guard let plan = ConsistencyProof.plan(from: from, to: to) else { return nil }
        return try await hashes(plan, of: ledger).map(ConsistencyProof.init(hashes:))
    }
}
