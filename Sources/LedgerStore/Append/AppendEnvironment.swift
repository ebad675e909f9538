import Ledger
import Observation
import Postgres

/// What every appender of a store works with.
struct AppendEnvironment: Sendable {
    let connections: ConnectionPool
    let observer: any Observer
    let clockRule: ClockRule
    /// The service's own clock.
    let clock: @Sendable () -> Timestamp
}

/// How entries are partitioned; the same number as `countersign.partition_width()`.
enum PartitionRule {
    static let width = 1 << 20
}
