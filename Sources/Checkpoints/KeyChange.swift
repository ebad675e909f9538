import Cryptography
package import Ledger
package import LedgerStore

/// Changes of a ledger's signing key.
extension SigningFolders {
    /// Makes a new key the ledger's current one. The old one signs beside it until it is retired, so that whoever holds
    /// the old key goes on accepting checkpoints.
    ///
    /// - Returns: the new key, and the entry that names it.
    package func rotateKey(
        of ledger: StoredLedger, in store: LedgerStore, reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> (key: NoteKey, placed: Placed) {
        guard let held = try keys.keys(of: ledger.origin), let current = held.first else {
            throw Fault(
                description: "there is no \(keys.file(of: ledger.origin)); the old key has to sign for the new one")
        }
        let named = try await store.signingKeys(of: ledger)
        // A rotation that was cut off between the file and the entry has left its key first in the file.
        let isHalfDone = held.count > 1 && named.last == held[1].key
        let previous = isHalfDone ? held[1] : current
        guard named.last == previous.key else {
            throw Fault(description: "\(keys.file(of: ledger.origin)) does not hold the ledger's current key")
        }
        let new = isHalfDone ? current : SigningKey(name: KeyName(ledger.origin), kind: .ed25519, random: Random.bytes)
        guard let rotation = KeyRotation(from: previous.signer, to: new.key) else {
            throw Fault(description: "the rotation cannot be signed")
        }
        // The file first: once an entry names the new key, nobody can sign without it.
        if !isHalfDone { try keys.replaceKeys(of: ledger.origin, with: [new] + held) }
        let placed = try await store.rotateSigningKey(of: ledger, rotation, reporter: reporter, deadline: deadline)
        return (new.key, placed)
    }

    /// Lets only the current key sign from now on.
    ///
    /// - Returns: the keys that are gone from the file.
    package func retireKeys(of ledger: StoredLedger, in store: LedgerStore) async throws -> [NoteKey] {
        guard let held = try keys.keys(of: ledger.origin), let current = held.first,
            try await store.signingKeys(of: ledger).last == current.key
        else {
            throw Fault(description: "\(keys.file(of: ledger.origin)) does not begin with the ledger's current key")
        }
        guard held.count > 1 else { return [] }
        guard try guards.record(of: ledger.origin)?.note.verify([current.key]) == .verified([current.key]) else {
            throw Fault(
                description: "the newest checkpoint is not signed by the new key yet; let the service sign one, or run "
                    + "`countersign checkpoint sign`")
        }
        try keys.replaceKeys(of: ledger.origin, with: [current])
        return held.dropFirst().map(\.key)
    }
}
