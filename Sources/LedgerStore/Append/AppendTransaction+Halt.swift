import Cryptography
import Ledger
import Observation
import Postgres

extension AppendEnvironment {
    /// Halts the ledger of a transaction that has written nothing, here and outside the database.
    ///
    /// - Returns: what to tell callers.
    func halt(_ halt: Halt, _ transaction: AppendTransaction) async throws -> StoreError {
        let origin = transaction.ledger.origin
        // The fence first: it holds even if this database is away again in a moment.
        let halt = LedgerStore.remember(halt, of: origin, in: fence)
        if try await transaction.halt(halt) {
            observer.observe(.ledgerHalted(ledger: origin.text, reason: halt.reason))
        }
        return StoreError.halted(halt.reason)
    }
}

extension AppendTransaction {
    /// Ends the transaction, which has written nothing, by halting the ledger whose lock it holds.
    ///
    /// - Returns: whether that says something new.
    func halt(_ halt: Halt) async throws -> Bool {
        let answers = try await connection.pipeline(
            [LedgerStore.haltStatement(halt, of: ledger.id), "COMMIT"], deadline: deadline)
        return !answers[0].isEmpty
    }

    /// Ends the transaction, which has written nothing, and returns once what it saw will not go away. A primary that
    /// crashed and came back shows commits that no standby may have.
    func confirm() async throws {
        let commit = try await connection.query("COMMIT", deadline: deadline)
        guard commit.command == "COMMIT", !commit.hasWarning else {
            throw StoreError(.unavailable, "the database warned about the commit", committed: .no)
        }
    }

    /// The root of the stored tree at `size`; nil where hashes are missing.
    func root(size: Int) async throws -> Digest? {
        let stored = try await TreeSQL.hashes(
            CompactRange.plan(size: size).neededHashes, of: ledger.id, connection, deadline)
        return try? CompactRange(size: size, from: stored).root
    }
}
