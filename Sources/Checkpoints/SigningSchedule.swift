import Cryptography
import Ledger
package import LedgerStore
package import Observation

/// Signs what has grown, every few seconds, for all ledgers of the database: one lease, one question, one task.
package struct SigningSchedule: Sendable {
    /// How long others leave the work to whoever has the lease.
    private static let leaseSeconds: Int32 = 60
    private static let lease = "signing"

    private let store: LedgerStore
    private let signer: CheckpointSigner
    private let observer: any Observer
    private let interval: Duration
    /// This instance, in the lease.
    private let holder = Hex.encode(Random.bytes(8))

    /// - Parameter interval: the time between two rounds: how old the newest checkpoint gets while entries come in.
    package init(
        store: LedgerStore, signer: CheckpointSigner, observer: any Observer, interval: Duration = .seconds(10)
    ) {
        self.store = store
        self.signer = signer
        self.observer = observer
        self.interval = interval
    }

    /// Signs until it is cancelled.
    package func run() async {
        // What was said of a ledger is not said again each round.
        var told: [Int64: SigningFault.Code] = [:]
        while !Task.isCancelled {
            await round(&told)
            try? await Task.sleep(for: interval)
        }
    }

    private func round(_ told: inout [Int64: SigningFault.Code]) async {
        // Whatever the database does not answer is asked in the next round.
        guard let unsigned = try? await store.unsignedLedgers() else { return }
        let ours = unsigned.map(\.ledger).filter(signer.hasKey)
        guard !ours.isEmpty,
            (try? await store.takeLease(Self.lease, holder: holder, seconds: Self.leaseSeconds)) == true
        else { return }
        for ledger in ours {
            guard !Task.isCancelled else { return }
            do throws(SigningFault) {
                _ = try await signer.sign(ledger, kept: false)
                told[ledger.id] = nil
            } catch {
                guard told.updateValue(error.code, forKey: ledger.id) != error.code else { continue }
                observer.observe(
                    .signingFailed(ledger: ledger.origin.text, code: error.code.rawValue, reason: error.description))
            }
        }
    }
}
