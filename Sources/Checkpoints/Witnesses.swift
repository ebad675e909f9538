import Cryptography
package import Ledger
import LedgerStore
package import Observation
package import Outbound
import Synchronization

/// Asks the witnesses of a policy for their signatures below a checkpoint (C2SP tlog-witness), all at once.
package final class Witnesses: Sendable {
    /// What happens where too few of them answer.
    package enum Mode: String, Sendable, CaseIterable {
        /// The checkpoint is published all the same, and receipts say how much stands behind it.
        case open
        /// The checkpoint is not published: the witnesses are the fence.
        case closed
    }

    /// What came of asking.
    package struct Outcome: Sendable {
        /// The checkpoint with the signatures that came, below its own.
        package let note: SignedNote
        /// Whether they are enough.
        package let isMet: Bool
        /// A larger tree, under our own signature, that a witness has seen.
        package let larger: Checkpoint?
    }

    /// What is remembered of a witness and a ledger.
    private struct Place: Hashable {
        let witness: NoteKey
        let origin: KeyName
    }

    private static let toleranceSeconds: Int64 = 300
    /// How long a witness that does not answer is left alone, so that it does not hold up a thousand ledgers.
    private static let restTime = Duration.seconds(30)

    package let mode: Mode
    private let policy: TlogPolicy
    private let client: HTTPClient
    private let limits: HTTPLimits
    private let observer: any Observer
    private let clock: @Sendable () -> Timestamp
    private let sizes = Mutex<[Place: Int]>([:])
    private let resting = Mutex<[NoteKey: ContinuousClock.Instant]>([:])

    /// - Parameters:
    ///   - timeout: how long one witness may take.
    ///   - client: allows as many calls at once as there are witnesses, times the ledgers that are signed at once.
    package init(
        _ policy: TlogPolicy, mode: Mode, client: HTTPClient, timeout: Duration, observer: any Observer,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.mode = mode
        self.policy = policy
        self.client = client
        self.observer = observer
        self.clock = clock
        limits = HTTPLimits(connectTimeout: timeout, timeout: timeout, answerSizeMax: WitnessAnswer.sizeMax)
    }

    /// Asks all witnesses that have an address.
    ///
    /// - Parameters:
    ///   - published: the checkpoint, with whatever signatures it has already.
    ///   - prove: the consistency proof between two sizes of the ledger.
    func cosign(
        _ published: PublishedCheckpoint, of ledger: StoredLedger, own: [NoteKey],
        prove: @escaping @Sendable (Int, Int) async throws(StoreError) -> ConsistencyProof
    ) async -> Outcome {
        let note = published.note
        let answers = await withTaskGroup(of: Answer.self) { tasks in
            for witness in policy.witnesses where !note.signatures.contains(where: witness.key.made) {
                tasks.addTask { await self.ask(witness, published, ledger, own, prove) }
            }
            return await tasks.reduce(into: [Answer]()) { $0.append($1) }
        }
        var signatures = note.signatures
        var larger: Checkpoint?
        for answer in answers {
            switch answer {
            case .cosigned(let signature): signatures.append(signature)
            case .larger(let checkpoint): larger = checkpoint
            case .nothing: continue
            }
        }
        let cosigned = SignedNote(text: note.text, signatures: signatures)
        return Outcome(note: cosigned, isMet: isMet(by: cosigned, own: own), larger: larger)
    }

    private func isMet(by note: SignedNote, own: [NoteKey]) -> Bool {
        guard case .verified(let keys) = note.verify(own + policy.witnesses.map(\.key)) else { return false }
        return policy.isMet(by: keys)
    }

    /// What one witness brought.
    private enum Answer: Sendable {
        case cosigned(SignedNote.Signature)
        case larger(Checkpoint)
        case nothing
    }

    private func ask(
        _ witness: TlogPolicy.Witness, _ published: PublishedCheckpoint, _ ledger: StoredLedger, _ own: [NoteKey],
        _ prove: @Sendable (Int, Int) async throws(StoreError) -> ConsistencyProof
    ) async -> Answer {
        guard let url = witness.url, !isResting(witness.key) else { return .nothing }
        let place = Place(witness: witness.key, origin: published.checkpoint.origin)
        let known = sizes.withLock { $0[place] ?? 0 }
        guard
            var exchange = try? WitnessExchange(
                published.ownNote, witness: witness.key, lastKnownSize: min(known, published.size))
        else { return .nothing }
        while true {
            let outcome: WitnessExchange.Outcome
            do {
                let request = try await exchange.request(proving: prove)
                let answer = try await client.answer(
                    to: .post(request.bytes, as: "text/plain; charset=utf-8", to: "\(url)/add-checkpoint"),
                    within: limits)
                let read = WitnessAnswer(
                    status: answer.status, contentType: answer.contentType, body: answer.body)
                outcome = exchange.take(
                    read, time: clock().microseconds / 1_000_000, toleranceSeconds: Self.toleranceSeconds)
            } catch {
                rest(witness.key)
                tell(ledger, witness, "unreachable")
                return .nothing
            }
            switch outcome {
            case .again: continue
            case .cosigned(let signature, _):
                sizes.withLock { $0[place] = published.size }
                tell(ledger, witness, "cosigned")
                return .cosigned(signature)
            case .rollback(let size): return await larger(than: published, size, url, witness, ledger, own)
            default:
                tell(ledger, witness, outcome.name)
                return .nothing
            }
        }
    }

    /// A witness says that it has seen a larger tree than any that we signed. Anybody can say so; that it is true, only
    /// a checkpoint shows that our own key has signed.
    private func larger(
        than published: PublishedCheckpoint, _ size: Int, _ url: String, _ witness: TlogPolicy.Witness,
        _ ledger: StoredLedger, _ own: [NoteKey]
    ) async -> Answer {
        if let seen = await seen(published.checkpoint.origin, url, own), seen.size > published.size {
            tell(ledger, witness, "rollback_proved")
            return .larger(seen)
        }
        tell(ledger, witness, "rollback_claimed")
        return .nothing
    }

    /// The largest tree of a ledger that a witness of the policy has seen, under the ledger's own signature: what the
    /// ledger must not be behind.
    package func newest(of origin: Origin, own: [NoteKey]) async -> Checkpoint? {
        await withTaskGroup(of: Checkpoint?.self) { tasks in
            for url in policy.witnesses.compactMap(\.url) {
                tasks.addTask { await self.seen(KeyName(origin), url, own) }
            }
            return await tasks.compactMap(\.self).reduce(nil) { largest, next in
                (largest?.size ?? -1) < next.size ? next : largest
            }
        }
    }

    /// What a witness publishes of a ledger (C2SP tlog-witness, "monitoring"); nil where our own key did not sign it.
    private func seen(_ origin: KeyName, _ url: String, _ own: [NoteKey]) async -> Checkpoint? {
        let id = SHA256.digest(origin.bytes).hex
        guard let answer = try? await client.answer(to: .get("\(url)/\(id)/checkpoint"), within: limits),
            answer.status == 200, let note = try? SignedNote(answer.body)
        else { return nil }
        return try? TrustedCheckpoint(note, log: own).checkpoint
    }

    private func isResting(_ witness: NoteKey) -> Bool {
        resting.withLock { ($0[witness] ?? .now) > .now }
    }

    private func rest(_ witness: NoteKey) {
        resting.withLock { $0[witness] = .now + Self.restTime }
    }

    private func tell(_ ledger: StoredLedger, _ witness: TlogPolicy.Witness, _ outcome: String) {
        observer.observe(
            .witnessAsked(ledger: ledger.origin.text, witness: witness.key.name.text, outcome: outcome))
    }
}

extension NoteKey {
    /// Whether a signature says that this key made it.
    fileprivate func made(_ signature: SignedNote.Signature) -> Bool { signature.name == name && signature.keyID == id }
}

extension WitnessExchange.Outcome {
    fileprivate var name: String {
        switch self {
        case .cosigned: "cosigned"
        case .again: "again"
        case .overtaken: "overtaken"
        case .rollback: "rollback_claimed"
        case .inconsistent: "inconsistent"
        case .refused: "refused"
        case .unavailable: "unavailable"
        case .worthless: "worthless"
        }
    }
}
