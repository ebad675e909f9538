import Ledger
import Observation
import Postgres
import Synchronization

/// What every appender of a store works with.
struct AppendEnvironment: Sendable {
    let connections: ConnectionPool
    let observer: any Observer
    let clockRule: ClockRule
    /// The service's own clock.
    let clock: @Sendable () -> Timestamp
    let partitions = KnownPartitions()
    let repairs = Repairs()
}
