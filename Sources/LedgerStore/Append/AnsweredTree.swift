import Cryptography
import Ledger
import Postgres

/// What an appender knows of its ledger's tree by itself, for as long as it lives: what it has answered. The stored
/// tree must contain that, else the database went back, and another entry would get a place that was answered.
struct AnsweredTree: Sendable {
    /// So many connections are known to have been held to the fence; who is forgotten is held to it again.
    private static let connectionsMax = 256

    /// The tree that was answered last.
    private(set) var answered: TreeState?
    /// A group whose COMMIT has no outcome: it is there as a whole, or not at all.
    private var unknown: (firstSeq: Int, firstLeafHash: [UInt8], tree: TreeState)?
    private var connections: Set<UInt64> = []

    /// Keeps the tree that callers were answered from.
    mutating func note(_ tree: TreeState) { answered = tree }

    /// Whether callers were answered from this tree.
    func hasAnswered(from tree: TreeState) -> Bool { answered?.size == tree.size && answered?.root == tree.root }

    /// Keeps a group that may be there or not.
    mutating func leaveOpen(_ group: SequencedGroup) {
        unknown = group.firstLeafHash.map { (group.firstNewSeq, $0, group.tree) }
    }

    /// Whether nothing was written over the connection yet.
    func isNew(_ connection: Connection) -> Bool { !connections.contains(connection.number) }

    /// What contradicts the stored `head`, which was read under the ledger's lock.
    ///
    /// - Parameters:
    ///   - fence: what is known outside the database; asked over a new connection only.
    ///   - isRepair: whether the ledger may be halted.
    mutating func contradiction(
        _ head: TreeHead?, in transaction: AppendTransaction, _ fence: (any Fence)?, isRepair: Bool
    ) async throws -> Halt? {
        if let halt = try await contradictionToAnswers(head, in: transaction) { return halt }
        guard isNew(transaction.connection) else { return nil }
        if let fence, let halt = try await Self.contradiction(head, in: transaction, to: fence, isRepair: isRepair) {
            return halt
        }
        if connections.count >= Self.connectionsMax, let oldest = connections.min() { connections.remove(oldest) }
        connections.insert(transaction.connection.number)
        return nil
    }

    private mutating func contradictionToAnswers(
        _ head: TreeHead?, in transaction: AppendTransaction
    ) async throws -> Halt? {
        let origin = transaction.ledger.origin
        let size = head?.size ?? 0
        if let answered, size < answered.size {
            return answered.halt(
                origin, "the database has \(size) entries, and \(answered.size) were answered by this process")
        }
        let ends = [answered?.size, unknown.map { $0.firstSeq + 1 }, unknown?.tree.size]
        let stored = try await transaction.places(of: Set(ends.compactMap(\.self).filter { $0 <= size }.map { $0 - 1 }))
        if let answered, stored[answered.size - 1]?.leafHash != answered.lastLeafHash {
            return answered.halt(
                origin, "entry \(answered.size - 1) is another one than this process answered")
        }
        guard let unknown else { return nil }
        if let first = stored[unknown.firstSeq], first.leafHash.bytes == unknown.firstLeafHash {
            guard stored[unknown.tree.size - 1]?.leafHash == unknown.tree.lastLeafHash else {
                return unknown.tree.halt(
                    origin, "of the entries from \(unknown.firstSeq) on, written at once, only some are there")
            }
            answered = unknown.tree
        }
        self.unknown = nil
        return nil
    }

    private static func contradiction(
        _ head: TreeHead?, in transaction: AppendTransaction, to fence: any Fence, isRepair: Bool
    ) async throws -> Halt? {
        let origin = transaction.ledger.origin
        if !isRepair, let halt = fence.halt(of: origin) { return halt }
        guard let signed = fence.signedCheckpoint(of: origin), signed.size > 0 else { return nil }
        guard let head, head.size >= signed.size else {
            return Halt(
                "the database has \(head?.size ?? 0) entries, and the guard a signed checkpoint of \(signed.size)",
                expecting: signed)
        }
        let root = head.size == signed.size ? head.root : try await transaction.root(size: signed.size)
        guard root != signed.root else { return nil }
        return Halt("the tree of \(signed.size) entries is not the one that was signed", expecting: signed)
    }
}

extension TreeState {
    /// A halt that expects this tree.
    fileprivate func halt(_ origin: Origin, _ reason: String) -> Halt {
        Halt(reason, expecting: Checkpoint(origin: origin, size: size, root: root))
    }
}
