import Cryptography
import Ledger
import Postgres

/// What an appender has answered, and what becomes of the ledger where that is not stored any more.
extension Appender {
    /// The right edge that matches the stored head: ours, or rebuilt if another instance has appended.
    func currentTree(
        _ reading: AppendTransaction.Reading, _ transaction: AppendTransaction
    ) async throws -> TreeState {
        try await hold(reading, transaction)
        guard let head = reading.head else {
            return TreeState(
                builder: TileBuilder(), lastLeafHash: ledger.origin.genesis, lastRecordedAt: reading.facts.now)
        }
        if let tree, tree.size == head.size, tree.root == head.root { return tree }
        let rebuilt = try await transaction.tree(size: head.size, root: head.root)
        tree = rebuilt
        return rebuilt
    }

    /// Holds what is stored to what was answered, and over a new connection to the fence. A database that went back is
    /// halted before a line is written.
    func hold(_ reading: AppendTransaction.Reading, _ transaction: AppendTransaction) async throws {
        let isOurs = tree?.size == reading.head?.size && tree?.root == reading.head?.root
        guard !isOurs || answers.isNew(transaction.connection) else { return }
        // Groups come one after the other, so nothing else changes the answers meanwhile.
        var known = answers
        let halt = try await known.contradiction(
            reading.head, in: transaction, environment.fence, isRepair: environment.repairs.contains(ledger.id))
        answers = known
        if let halt { throw try await environment.halt(halt, transaction) }
    }

    /// The last entry that was answered.
    var answeredEnd: AnsweredEnd? {
        answers.answered.map {
            AnsweredEnd(ledgerID: ledger.id, seq: $0.size - 1, leafHash: $0.lastLeafHash.bytes)
        }
    }

    /// Halts the ledger, or has its halt say more, if what was answered is not there; writes nothing else.
    func look() async {
        let deadline = ContinuousClock.now + .seconds(10)
        _ = try? await environment.connections.withConnectionThread(deadline: deadline) { connection in
            let transaction = AppendTransaction(ledger: self.ledger, connection: connection, deadline: deadline)
            let head = try await transaction.begin([], asksForKeys: false, isRepair: true).head
            // A copy: a group may be at work meanwhile, and what it answers must not be forgotten.
            var known = self.answers
            if let halt = try await known.contradiction(head, in: transaction, nil, isRepair: true) {
                throw try await self.environment.halt(halt, transaction)
            }
            try await connection.rollback(deadline: deadline)
        }
    }
}
