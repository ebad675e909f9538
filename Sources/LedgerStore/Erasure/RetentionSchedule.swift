import Cryptography
package import Ledger
package import Observation

/// Erases what is older than the service's policy, every hour or so, for all ledgers of the database: one lease, one
/// task.
package struct RetentionSchedule: Sendable {
    private static let lease = "retention"
    private static let appendTimeout = Duration.seconds(60)

    private let store: LedgerStore
    private let observer: any Observer
    private let reporter: Reporter
    private let age: Duration
    private let interval: Duration
    private let clock: @Sendable () -> Timestamp
    /// This instance, in the lease.
    private let holder = Hex.encode(Random.bytes(8))

    /// - Parameters:
    ///   - reporter: who stands behind what is erased.
    ///   - age: how old an entry gets with its sealed values.
    ///   - interval: the time between two rounds, and how long others leave the work to whoever began one.
    package init(
        store: LedgerStore, reporter: Reporter, age: Duration, interval: Duration, observer: any Observer,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.reporter = reporter
        self.age = age
        self.interval = interval
        self.observer = observer
        self.clock = clock
    }

    /// Erases until it is cancelled. What is cut off, the next round goes on with.
    package func run() async {
        while !Task.isCancelled {
            if await hasLease() { await round() }
            try? await Task.sleep(for: interval)
        }
        // So that the next instance need not wait until the lease runs out.
        await Task { try? await store.releaseLease(Self.lease, holder: holder) }.value
    }

    private func hasLease() async -> Bool {
        let seconds = Int(interval / .seconds(1)) + 1
        return (try? await store.takeLease(Self.lease, holder: holder, seconds: seconds)) ?? false
    }

    private func round() async {
        let moment = clock() - age
        for ledger in (try? await store.allLedgers()) ?? [] {
            guard !Task.isCancelled, await hasLease() else { return }
            do {
                // Nothing can be appended to a halted ledger, so nothing erased.
                guard ledger.keyFault == nil, try await store.haltReason(of: ledger) == nil else { continue }
                _ = try await store.applyRetention(
                    of: ledger, before: moment, isDryRun: false, reporter: reporter, timeout: Self.appendTimeout)
            } catch is CancellationError {
                return
            } catch {
                let reason = (error as? StoreError)?.reason ?? "\(type(of: error))"
                observer.observe(.retentionFailed(ledger: ledger.origin.text, reason: reason))
            }
        }
    }
}
