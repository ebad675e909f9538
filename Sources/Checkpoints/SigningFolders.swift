package import Ledger
package import LedgerStore

/// Where the keys and the guards of a database's ledgers are.
package struct SigningFolders: Sendable {
    package let keys: KeyFolder
    package let guards: GuardFolder

    package init(keys: KeyFolder, guards: GuardFolder) {
        self.keys = keys
        self.guards = guards
    }

    /// Why no ledger can be made under a name: a sentence with the next step.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// The newest checkpoints of ledgers that the guards know and the database does not: it was restored from a backup
    /// that is older than they are. A guard that cannot be read says nothing here.
    package func missingLedgers(in store: LedgerStore) async throws -> [Checkpoint] {
        let present = Set(try await store.allLedgers().map(\.origin.text))
        var missing: [Checkpoint] = []
        for origin in try guards.origins() where !present.contains(origin.text) {
            if let known = try? guards.record(of: origin)?.checkpoint, known.size > 0 { missing.append(known) }
        }
        return missing
    }

    /// Makes a ledger with a key and a guard of its own.
    ///
    /// - Parameter predecessor: the last checkpoint of the ledger that this one succeeds.
    /// - Returns: the ledger, and whether it is new.
    package func createLedger(
        _ origin: Origin, in store: LedgerStore, predecessor: Checkpoint? = nil, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> (ledger: StoredLedger, isNew: Bool) {
        if let existing = try await store.ledger(origin) { return (existing, false) }
        if let known = try guards.record(of: origin)?.checkpoint, known.size > 0 {
            throw Fault(
                description: "the guard knows \(origin.text) with \(known.size) entries, and this database does not; "
                    + "restore the database, or choose another name for a successor")
        }
        let key = try keys.makeKey(of: origin)
        try guards.makeGuard(of: origin, signedBy: key)
        return try await store.createLedger(
            origin, key: key.key, predecessor: predecessor, reporter: reporter, deadline: deadline)
    }
}
