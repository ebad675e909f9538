package import Cryptography
package import Ledger
package import Observation

/// A witness (C2SP tlog-witness): it cosigns checkpoints of the logs that it knows, each only where it continues the
/// last one that was cosigned. A log that shows two histories then needs a witness that lies.
package struct Cosigner: Sendable {
    private let signer: NoteSigner
    private let logs: [NoteKey]
    private let folder: WitnessFolder
    private let observer: any Observer
    private let clock: @Sendable () -> Timestamp
    private let lockTimeout: Duration

    /// - Parameters:
    ///   - signer: a key that only cosigns, and only here.
    ///   - logs: the keys that are trusted, each for the origin that is its name.
    ///   - clock: the time that cosignatures bear.
    package init(
        _ signer: NoteSigner, logs: [NoteKey], folder: WitnessFolder, observer: any Observer,
        lockTimeout: Duration = .seconds(5), clock: @escaping @Sendable () -> Timestamp
    ) {
        precondition(signer.key.kind == .cosignature, "a witness signs with a key of its own kind")
        self.signer = signer
        self.logs = logs
        self.folder = folder
        self.observer = observer
        self.lockTimeout = lockTimeout
        self.clock = clock
    }

    /// Reads the state of every known log once, so that a witness which could not answer does not start.
    package func check() throws(WitnessError) {
        for log in logs { _ = try stored(of: WitnessFolder.id(of: log.name)) }
    }

    /// Answers the body of an `add-checkpoint` request. Blocks while files are written and locks are waited for.
    ///
    /// An error is no answer: the caller asks again.
    package func answer(_ body: [UInt8]) throws(WitnessError) -> WitnessAnswer {
        let submission: WitnessSubmission
        do throws(WitnessRefusal) {
            submission = try WitnessSubmission(body, logs: logs)
        } catch {
            return refuse(error)
        }
        do throws(WitnessError) {
            return try folder.withLog(WitnessFolder.id(of: submission.origin), lockTimeout: lockTimeout) {
                (log: borrowing LockedLog) throws(WitnessError) in
                try answer(submission, body, log)
            }
        } catch {
            throw observed(error)
        }
    }

    /// The last note cosigned for the log whose origin has this SHA-256, with the signatures of both; nil for none.
    package func checkpoint(of id: Digest) throws(WitnessError) -> [UInt8]? {
        do throws(WitnessError) {
            return try stored(of: id)?.bytes
        } catch {
            throw observed(error)
        }
    }

    private func stored(of id: Digest) throws(WitnessError) -> CosignedCheckpoint? {
        guard let bytes = try folder.checkpoint(of: id) else { return nil }
        return try CosignedCheckpoint(bytes, of: id, by: signer.key, path: folder.checkpointPath(of: id))
    }

    private func observed(_ error: WitnessError) -> WitnessError {
        observer.observe(.witnessFailed(code: error.code.rawValue, reason: error.reason))
        return error
    }

    private func answer(
        _ submission: WitnessSubmission, _ body: [UInt8], _ log: borrowing LockedLog
    ) throws(WitnessError) -> WitnessAnswer {
        // Under the lock: what is found now is what gets replaced.
        let known = try stored(of: WitnessFolder.id(of: submission.origin))
        if case .refused(let refusal) = submission.decide(knowing: known?.checkpoint) {
            if refusal.status == 422 {
                try log.keep(
                    refusal.provesFork ? .fork : .proof, body, of: submission.note.text, known: known?.bytes)
            }
            return refuse(refusal)
        }
        let time = clock().microseconds / 1_000_000
        // The time 0 would say that there is none.
        guard time > 0 else { throw WitnessError(.clock, "the clock stands before 1970") }
        let text = submission.note.text
        guard let signature = signer.sign(text, time: time) else {
            throw WitnessError(.noSignature, "there is no memory for a signature")
        }
        let cosigned = SignedNote(text: text, signatures: submission.note.signatures + [signature])
        // Stored before it leaves: a cosignature that was sent and forgotten would let the log fork.
        try log.replaceCheckpoint(by: cosigned.bytes)
        observer.observe(.witnessAnswered(origin: submission.origin.text, status: 200))
        return WitnessAnswer([signature])
    }

    private func refuse(_ refusal: WitnessRefusal) -> WitnessAnswer {
        if refusal.provesFork, let origin = refusal.origin { observer.observe(.forkSeen(origin: origin.text)) }
        observer.observe(.witnessAnswered(origin: refusal.origin?.text, status: refusal.status))
        return WitnessAnswer(refusal)
    }
}
