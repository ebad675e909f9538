import Postgres
import Synchronization

/// Up to which `seq` a database is known to have partitions. They belong to all its ledgers: what the appender of one
/// has found out spares the others the question.
final class KnownPartitions: Sendable {
    /// Entries of a ledger in one partition; the same number as `countersign.partition_width()`.
    static let width = 1 << 20

    private let end = Mutex(0)

    /// Partitions exist for every `seq` below this.
    var until: Int { end.withLock { $0 } }

    /// Makes the partitions for a ledger of `size` entries, and the next one ahead.
    ///
    /// - Returns: the names of the new ones.
    @discardableResult
    func ensure(
        size: Int, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [String] {
        let lastSeq = size + Self.width
        let made = try await connection.query("SELECT countersign.ensure_partitions(\(lastSeq))", deadline: deadline)
        end.withLock { $0 = max($0, (lastSeq / Self.width + 1) * Self.width) }
        return try made.map { try $0.text(0) }
    }
}
