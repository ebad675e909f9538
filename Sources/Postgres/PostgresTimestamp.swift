/// A point in time as Postgres keeps it: whole microseconds, here since the Unix epoch.
package struct PostgresTimestamp: Hashable, Comparable, Sendable {
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// Postgres counts from 2000-01-01T00:00:00Z, this many microseconds after the Unix epoch.
    static let postgresEpoch: Int64 = 946_684_800_000_000
}
