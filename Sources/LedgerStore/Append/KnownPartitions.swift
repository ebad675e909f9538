import Synchronization

/// Up to which `seq` a database is known to have partitions. They belong to all its ledgers: what the appender of one
/// has found out spares the others the question.
final class KnownPartitions: Sendable {
    /// Entries of a ledger in one partition; the same number as `countersign.partition_width()`.
    static let width = 1 << 20

    private let end = Mutex(0)

    /// Partitions exist for every `seq` below this.
    var until: Int { end.withLock { $0 } }

    /// Takes note of the partition that `lastSeq` lies in, and so of all before it.
    func learn(of lastSeq: Int) {
        end.withLock { $0 = max($0, (lastSeq / Self.width + 1) * Self.width) }
    }
}
