import Synchronization

/// The ledgers to which this store appends although they are halted: what lets them go on has to write, and nobody else
/// may before it is done.
final class Repairs: Sendable {
    private let ledgers = Mutex<Set<Int64>>([])

    func contains(_ ledger: Int64) -> Bool { ledgers.withLock { $0.contains(ledger) } }

    func insert(_ ledger: Int64) { ledgers.withLock { _ = $0.insert(ledger) } }

    func remove(_ ledger: Int64) { ledgers.withLock { _ = $0.remove(ledger) } }
}
