import Ledger

/// When the database's clock may stamp an entry (design: `recorded_at` never goes back, and a wrong clock is noticed
/// before it is written down for ever).
package struct ClockRule: Sendable {
    /// How far the clocks of the database and of the service may lie apart, in microseconds.
    package let skewMax: Int64
    /// How far the database's clock may stand behind the last entry, in microseconds. Within it time stands still.
    package let setBackMax: Int64
    /// How far it may stand ahead of the last entry, in microseconds: a quiet ledger is not a broken clock.
    package let jumpMax: Int64

    /// 30 seconds apart, 30 seconds back, 366 days ahead.
    package static let standard = ClockRule(
        skewMax: 30_000_000, setBackMax: 30_000_000, jumpMax: 366 * 24 * Timestamp.microsecondsPerHour)

    package init(skewMax: Int64, setBackMax: Int64, jumpMax: Int64) {
        self.skewMax = skewMax
        self.setBackMax = setBackMax
        self.jumpMax = jumpMax
    }

    /// What is wrong with the clocks, or nil.
    ///
    /// - Parameters:
    ///   - database: the database's clock, read under the ledger's lock.
    ///   - service: the service's own clock.
    ///   - last: `recorded_at` of the last entry.
    ///   - acceptedUntil: up to where an operator accepted that time stands still.
    func fault(database: Timestamp, service: Timestamp, last: Timestamp, acceptedUntil: Timestamp?) -> String? {
        let skew = database.microseconds - service.microseconds
        if abs(skew) > skewMax {
            return "the clocks of the database and of the service differ by \(seconds(skew)) s; set them right"
        }
        let advance = database.microseconds - last.microseconds
        let isStandstillAccepted = acceptedUntil.map { last <= $0 } ?? false
        if -advance > setBackMax, !isStandstillAccepted {
            return "the clock stands \(seconds(-advance)) s behind the last entry; set it right, or accept it with "
                + "`countersign ledger accept-clock`"
        }
        if advance > jumpMax {
            return "the clock stands \(seconds(advance)) s ahead of the last entry; set it right, or accept it with "
                + "`countersign ledger accept-clock`"
        }
        return nil
    }

    private func seconds(_ microseconds: Int64) -> Int64 { microseconds / 1_000_000 }
}
