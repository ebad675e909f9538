import Ledger
import Observation
import Postgres
import Synchronization

/// What every appender of a store works with.
struct AppendEnvironment: Sendable {
    let connections: ConnectionPool
    let observer: any Observer
    let clockRule: ClockRule
    /// What is known of ledgers outside the database; nil for nothing.
    let fence: (any Fence)?
    /// The service's own clock.
    let clock: @Sendable () -> Timestamp
    let partitions = KnownPartitions()
    let repairs = Repairs()
}
