import Files
package import Ledger
package import LedgerStore
package import Observation

/// Signs the trees of ledgers: from the committed head, never before, and only what grew out of the checkpoint in the
/// guard, whose right edge it extends by the hashes of the lines themselves. What contradicts the guard halts the
/// ledger.
package struct CheckpointSigner: Sendable {
    /// How long the lock on a guard may be somebody else's.
    private static let lockTimeout = Duration.seconds(20)
    private static let lockPause = Duration.milliseconds(2)

    private let store: LedgerStore
    private let keys: KeyFolder
    private let guards: GuardFolder
    private let witnesses: Witnesses?
    private let observer: any Observer
    private let clock: @Sendable () -> Timestamp

    /// - Parameter witnesses: whose signatures are asked for; before a checkpoint is published, where they are the
    ///   fence.
    package init(
        store: LedgerStore, keys: KeyFolder, guards: GuardFolder, witnesses: Witnesses? = nil, observer: any Observer,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.witnesses = witnesses
        self.store = store
        self.keys = keys
        self.guards = guards
        self.observer = observer
        self.clock = clock
    }

    /// Whether there are witnesses to ask after a checkpoint was published; those that are the fence were asked before.
    var asksWitnesses: Bool { witnesses?.mode == .open }

    /// Whether there is a file with a key of the ledger here.
    package func hasKey(of ledger: StoredLedger) -> Bool { keys.hasKeys(of: ledger.origin) }

    /// Signs the newest head and publishes it.
    ///
    /// - Parameter kept: whether somebody may ask for this checkpoint again.
    /// - Returns: the newest checkpoint, which may have been there before.
    package func sign(_ ledger: StoredLedger, kept: Bool) async throws(SigningFault) -> PublishedCheckpoint {
        // Before the lock: who has no key has no guard either.
        guard hasKey(of: ledger) else { throw keyMissing(ledger) }
        let lock = try await lock(ledger.origin)
        let started = ContinuousClock.now
        do throws(SigningFault) {
            let published = try await sign(ledger, kept: kept, holding: lock, started)
            withExtendedLifetime(lock) {}
            return published
        } catch {
            withExtendedLifetime(lock) {}
            throw error
        }
    }

    private func sign(
        _ ledger: StoredLedger, kept: Bool, holding lock: FileLock, _ started: ContinuousClock.Instant
    ) async throws(SigningFault) -> PublishedCheckpoint {
        let head = try await asking { () throws(StoreError) in try await store.head(of: ledger) }
        // After the head: what was appended beside what this process answered is not signed, for that would take the
        // way back.
        if let halt = try await asking({ () throws(StoreError) in try await store.halt(of: ledger) }) {
            throw SigningFault(.halted, "\(halt.reason); run `countersign doctor --after-restore`")
        }
        // After the head: whatever key an entry below it names is current then.
        let signers = try await currentKeys(of: ledger)
        let record = try record(of: ledger, by: signers)
        let range = try await grow(record, to: head, ledger)
        var newest = record
        if range.size > record.checkpoint.size || record.note.signatures.count < signers.count {
            let checkpoint = Checkpoint(origin: ledger.origin, size: range.size, root: range.root)
            let signatures = signers.compactMap { $0.sign(checkpoint.text) }
            guard signatures.count == signers.count,
                let grown = GuardRecord(
                    SignedNote(text: checkpoint.text, signatures: signatures), checkpoint, range: range)
            else { throw SigningFault(.unavailable, "the checkpoint could not be signed") }
            // The guard first: a checkpoint that somebody has seen must be known to it, whatever happens now.
            do throws(GuardFolder.Fault) { try guards.advance(ledger.origin, to: grown, holding: lock) } catch {
                throw SigningFault(error)
            }
            newest = grown
        }
        var published = PublishedCheckpoint(newest.note, newest.checkpoint, signedAt: clock())
        if let witnesses, witnesses.mode == .closed {
            published = try await cosigned(published, of: ledger, by: witnesses, own: signers.map(\.key))
            guard published.isWitnessed else {
                throw SigningFault(
                    .notWitnessed, "too few witnesses signed the checkpoint, and none is published without them")
            }
        }
        let outcome = published
        try await asking { () throws(StoreError) in
            try await store.publish(outcome, of: ledger, kept: kept || outcome.isWitnessed)
        }
        observer.observe(
            .checkpointPublished(
                ledger: ledger.origin.text, size: range.size, entries: range.size - record.checkpoint.size,
                seconds: (ContinuousClock.now - started) / .seconds(1)))
        return published
    }

    /// The tree of the head, grown from the guard's; halts the ledger where that is not what is stored.
    private func grow(
        _ record: GuardRecord, to head: TreeHead, _ ledger: StoredLedger
    ) async throws(SigningFault) -> CompactRange {
        let known = record.checkpoint
        guard head.size >= known.size else {
            throw try await halted(
                ledger, "the database has \(head.size) entries, and the guard a signed checkpoint of \(known.size)",
                expecting: known)
        }
        let range = try await asking { () throws(StoreError) in
            try await store.hashLines(of: ledger, in: known.size..<head.size, onto: record.range)
        }
        guard range.size == head.size else {
            throw try await halted(
                ledger, "the lines from \(range.size) on are missing or unreadable", expecting: known)
        }
        guard range.root == head.root else {
            throw try await halted(
                ledger,
                "the tree of \(head.size) entries does not grow out of the signed checkpoint of \(known.size)",
                expecting: known)
        }
        return range
    }

    /// What the guard knows. It must have been signed by a key that signs now.
    private func record(of ledger: StoredLedger, by signers: [NoteSigner]) throws(SigningFault) -> GuardRecord {
        let found: GuardRecord?
        do throws(GuardFolder.Fault) { found = try guards.record(of: ledger.origin) } catch {
            throw SigningFault(error)
        }
        guard let record = found else {
            throw SigningFault(
                .guardMissing,
                "there is no \(guards.file(of: ledger.origin)); restore it from a copy that is not older than the last "
                    + "checkpoint, or begin a successor ledger: a new guard would let history be signed twice")
        }
        guard case .verified = record.note.verify(signers.map(\.key)) else {
            throw SigningFault(
                .fileUnusable, "the checkpoint in \(guards.file(of: ledger.origin)) is not signed by the ledger's key")
        }
        return record
    }

    /// The keys that sign now, the current one first.
    private func currentKeys(of ledger: StoredLedger) async throws(SigningFault) -> [NoteSigner] {
        guard let held = try heldKeys(of: ledger) else { throw keyMissing(ledger) }
        let named = try await asking { () throws(StoreError) in try await store.signingKeys(of: ledger) }
        guard let current = held.first?.key, named.last == current else {
            throw SigningFault(
                .keyMissing,
                "the key in \(keys.file(of: ledger.origin)) is not the one that the ledger names as its current key; "
                    + "restore it, or finish a rotation with `countersign ledger rotate-key`")
        }
        return held.map(\.signer)
    }

    private func heldKeys(of ledger: StoredLedger) throws(SigningFault) -> [SigningKey]? {
        do throws(KeyFolder.Fault) { return try keys.keys(of: ledger.origin) } catch { throw SigningFault(error) }
    }

    func keyMissing(_ ledger: StoredLedger) -> SigningFault {
        SigningFault(
            .keyMissing, "there is no \(keys.file(of: ledger.origin)); restore it from your backup of that file")
    }

    private func lock(_ origin: Origin) async throws(SigningFault) -> FileLock {
        let deadline = ContinuousClock.now + Self.lockTimeout
        while true {
            do throws(GuardFolder.Fault) {
                if let lock = try guards.lock(origin) { return lock }
            } catch {
                throw SigningFault(error)
            }
            guard ContinuousClock.now < deadline, (try? await Task.sleep(for: Self.lockPause)) != nil else {
                throw SigningFault(.busy, "another process has been signing for \(Self.lockTimeout)")
            }
        }
    }

    private func halted(
        _ ledger: StoredLedger, _ reason: String, expecting expected: Checkpoint
    ) async throws(SigningFault) -> SigningFault {
        try await asking { () throws(StoreError) in try await store.halt(ledger, reason, expecting: expected) }
        return SigningFault(.halted, "\(reason); run `countersign doctor --after-restore`")
    }

    private func asking<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(SigningFault) -> Value {
        do throws(StoreError) { return try await body() } catch { throw SigningFault(error) }
    }
}

extension CheckpointSigner {
    /// Asks the witnesses for the newest checkpoint, and publishes it with what they signed.
    ///
    /// - Returns: whether enough of them have.
    package func witness(_ ledger: StoredLedger) async throws(SigningFault) -> Bool {
        guard let witnesses else { return false }
        let newest = try await asking { () throws(StoreError) in try await store.checkpoint(of: ledger) }
        guard let newest, !newest.isWitnessed else { return newest != nil }
        let own = try await asking { () throws(StoreError) in try await store.signingKeys(of: ledger) }
        let cosigned = try await cosigned(newest, of: ledger, by: witnesses, own: own)
        if cosigned.note != newest.note || cosigned.isWitnessed {
            try await asking { () throws(StoreError) in try await store.replaceCheckpoint(cosigned, of: ledger) }
        }
        return cosigned.isWitnessed
    }

    /// The checkpoint with the signatures of witnesses. Halts the ledger where one of them shows a larger tree under
    /// our own signature: then commits were lost, or somebody else signs with our key.
    private func cosigned(
        _ published: PublishedCheckpoint, of ledger: StoredLedger, by witnesses: Witnesses, own: [NoteKey]
    ) async throws(SigningFault) -> PublishedCheckpoint {
        let outcome = await witnesses.cosign(published, of: ledger, own: own) { [store] from, to throws(StoreError) in
            guard let proof = try await store.consistencyProof(of: ledger, from: from, to: to) else {
                throw StoreError(.notFound, "the ledger has no tree of this size")
            }
            return proof
        }
        if let larger = outcome.larger {
            throw try await halted(
                ledger, "a witness has seen a checkpoint of \(larger.size) entries under the ledger's own signature",
                expecting: larger)
        }
        return PublishedCheckpoint(
            outcome.note, published.checkpoint, signedAt: published.signedAt, isWitnessed: outcome.isMet,
            isTimestamped: published.isTimestamped)
    }

    /// Holds what is stored to the guard, by the stored hashes alone: soon done, before anything is served. Halts the
    /// ledger where the two contradict each other. A ledger without a key or a guard here is passed over.
    ///
    /// - Returns: the guard's checkpoint, if there is one.
    @discardableResult
    package func examine(_ ledger: StoredLedger) async throws(SigningFault) -> Checkpoint? {
        let found: GuardRecord?
        do throws(GuardFolder.Fault) { found = try guards.record(of: ledger.origin) } catch {
            throw SigningFault(error)
        }
        // Known here alone, so far: the database may be another one than that which was halted.
        if let halt = guards.halt(of: ledger.origin) {
            throw try await halted(ledger, halt.reason, expecting: halt.expected)
        }
        guard let known = found?.checkpoint, known.size > 0 else { return found?.checkpoint }
        let head = try await asking { () throws(StoreError) in try await store.head(of: ledger) }
        guard head.size >= known.size else {
            throw try await halted(
                ledger, "the database has \(head.size) entries, and the guard a signed checkpoint of \(known.size)",
                expecting: known)
        }
        let root = try await asking { () throws(StoreError) in
            try await store.root(of: ledger, size: known.size, head: head)
        }
        guard root == known.root else {
            throw try await halted(
                ledger, "the tree of \(known.size) entries is not the one that was signed", expecting: known)
        }
        return known
    }
}
