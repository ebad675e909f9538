import Cryptography
import Ledger
package import LedgerStore
package import Observation
import Synchronization

/// Signs what has grown, every few seconds, for all ledgers of the database: one lease, one question, one task.
package struct SigningSchedule: Sendable {
    /// How long others leave the work to whoever has the lease.
    private static let leaseSeconds = 30
    private static let lease = "signing"

    /// Ledgers that are worked on at once.
    private static let parallelMax = 4

    /// How often the newest checkpoint is stamped, and by whom.
    package struct Timestamps: Sendable {
        let authority: TimestampAuthority
        let interval: Duration

        package init(_ authority: TimestampAuthority, every interval: Duration = .seconds(3_600)) {
            self.authority = authority
            self.interval = interval
        }
    }

    private let store: LedgerStore
    private let signer: CheckpointSigner
    private let timestamps: Timestamps?
    private let observer: any Observer
    private let interval: Duration
    /// This instance, in the lease.
    private let holder = Hex.encode(Random.bytes(8))

    /// - Parameter interval: the time between two rounds: how old the newest checkpoint gets while entries come in.
    package init(
        store: LedgerStore, signer: CheckpointSigner, timestamps: Timestamps? = nil, observer: any Observer,
        interval: Duration = .seconds(10)
    ) {
        self.store = store
        self.signer = signer
        self.timestamps = timestamps
        self.observer = observer
        self.interval = interval
    }

    /// Signs until it is cancelled.
    package func run() async {
        // What was said of a ledger is not said again each round.
        var told: [Int64: SigningFault.Code] = [:]
        while !Task.isCancelled {
            await sign(&told)
            if signer.asksWitnesses { await forEachLedger(with: .witness) { _ = try? await signer.witness($0) } }
            if let timestamps { await stamp(timestamps) }
            try? await Task.sleep(for: interval)
        }
        // So that the next instance need not wait until the lease runs out.
        await Task { try? await store.releaseLease(Self.lease, holder: holder) }.value
    }

    private func sign(_ told: inout [Int64: SigningFault.Code]) async {
        // A fault of one ledger must not keep the others from being signed.
        let faults = Mutex<[(StoredLedger, SigningFault?)]>([])
        let strangers = await forEachLedger(with: .sign) { ledger in
            do throws(SigningFault) {
                _ = try await signer.sign(ledger, kept: false)
                faults.withLock { $0.append((ledger, nil)) }
            } catch {
                faults.withLock { $0.append((ledger, error)) }
            }
        }
        let missing = strangers.map { ($0, signer.keyMissing($0) as SigningFault?) }
        for (ledger, fault) in faults.withLock({ $0 }) + missing {
            guard let fault else {
                told[ledger.id] = nil
                continue
            }
            guard told.updateValue(fault.code, forKey: ledger.id) != fault.code else { continue }
            observer.observe(
                .signingFailed(ledger: ledger.origin.text, code: fault.code.rawValue, reason: fault.description))
        }
    }

    private func stamp(_ timestamps: Timestamps) async {
        await forEachLedger(with: .timestamp(afterSeconds: Int(timestamps.interval / .seconds(1)))) { ledger in
            do throws(TimestampAuthority.Fault) {
                try await timestamps.authority.stamp(ledger, in: store)
                observer.observe(.timestampAsked(ledger: ledger.origin.text, code: "stamped", reason: ""))
            } catch {
                observer.observe(
                    .timestampAsked(ledger: ledger.origin.text, code: error.code, reason: error.description))
            }
        }
    }

    /// Does something for each ledger that calls for it and whose key is here, some at once, if the lease is ours.
    ///
    /// - Returns: the ledgers that call for it and whose key is not here.
    @discardableResult
    private func forEachLedger(
        with work: SigningWork, _ body: @Sendable @escaping (StoredLedger) async -> Void
    ) async -> [StoredLedger] {
        // Whatever the database does not answer is asked in the next round.
        guard let ledgers = try? await store.ledgers(with: work) else { return [] }
        let ours = ledgers.filter(signer.hasKey)
        let strangers = ledgers.filter { !signer.hasKey(of: $0) }
        guard !ours.isEmpty,
            (try? await store.takeLease(Self.lease, holder: holder, seconds: Self.leaseSeconds)) == true
        else { return strangers }
        await withDiscardingTaskGroup { tasks in
            let lanes = min(ours.count, Self.parallelMax)
            for lane in 0..<lanes {
                tasks.addTask {
                    for ledger in stride(from: lane, to: ours.count, by: lanes).map({ ours[$0] }) {
                        guard !Task.isCancelled else { return }
                        await body(ledger)
                    }
                }
            }
        }
        return strangers
    }
}
