/// A moment in UTC with microseconds, as lines and columns hold it: of the years 0000 to 9999, which is what ``text``
/// can say. Whatever lies outside, as a row or an argument may have it, is the first or the last moment of them; so
/// what is reckoned with moments cannot overflow.
package struct Timestamp: Hashable, Sendable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = min(max(microseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// The moment so long after.
    package static func + (moment: Timestamp, time: Duration) -> Timestamp {
        let (seconds, attoseconds) = time.components
        // Longer than from the first moment to the last: then it is one of them.
        let whole = min(max(seconds, -spanSeconds), spanSeconds)
        return Timestamp(
            microseconds: moment.microseconds + whole * microsecondsPerSecond + attoseconds / 1_000_000_000_000)
    }

    /// The moment so long before.
    package static func - (moment: Timestamp, time: Duration) -> Timestamp { moment + (Duration.zero - time) }

    private static let microsecondsPerSecond: Int64 = 1_000_000
    private static let microsecondsPerDay: Int64 = 86_400_000_000
    /// Microseconds in an hour: the grain of rollups.
    package static let microsecondsPerHour: Int64 = 3_600_000_000

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: what four digits of a year can say.
    private static let range: ClosedRange<Int64> = -62_167_219_200_000_000...253_402_300_799_999_999
    /// Seconds between them.
    private static let spanSeconds: Int64 = 315_569_520_000

    /// The start of the hour that this moment lies in.
    package var hour: Timestamp { start(of: Self.microsecondsPerHour) }

    /// The start of the day in UTC that this moment lies in.
    package var day: Timestamp { start(of: Self.microsecondsPerDay) }

    /// The first start of a day that is not before this moment.
    package var nextDay: Timestamp {
        day == self ? self : Timestamp(microseconds: day.microseconds + Self.microsecondsPerDay)
    }

    private func start(of length: Int64) -> Timestamp {
        let remainder = microseconds % length
        return Timestamp(microseconds: microseconds - (remainder < 0 ? remainder + length : remainder))
    }

    /// `2026-11-22T10:00:00.123456Z`: RFC 3339, UTC, six decimals.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends `text` as ASCII.
    package func append(to target: inout [UInt8]) {
        var day = microseconds / Self.microsecondsPerDay
        var rest = microseconds % Self.microsecondsPerDay
        if rest < 0 {
            rest += Self.microsecondsPerDay
            day -= 1
        }
        let date = Self.civil(fromDays: day)
        let seconds = rest / Self.microsecondsPerSecond
        Self.append(date.year, digits: 4, to: &target)
        target.append(UInt8(ascii: "-"))
        Self.append(date.month, digits: 2, to: &target)
        target.append(UInt8(ascii: "-"))
        Self.append(date.day, digits: 2, to: &target)
        target.append(UInt8(ascii: "T"))
        Self.append(seconds / 3600, digits: 2, to: &target)
        target.append(UInt8(ascii: ":"))
        Self.append(seconds / 60 % 60, digits: 2, to: &target)
        target.append(UInt8(ascii: ":"))
        Self.append(seconds % 60, digits: 2, to: &target)
        target.append(UInt8(ascii: "."))
        Self.append(rest % Self.microsecondsPerSecond, digits: 6, to: &target)
        target.append(UInt8(ascii: "Z"))
    }

    /// The moment of an RFC 3339 date-time with any offset; digits beyond microseconds are dropped.
    /// Nil for anything else, a leap second included.
    package init?(_ text: some StringProtocol) {
        self.init(DateTimeScanner(Array(text.utf8)))
    }

    private init?(_ start: DateTimeScanner) {
        var scanner = start
        guard let seconds = scanner.dateTime() else { return nil }
        let microseconds = seconds * Self.microsecondsPerSecond + scanner.microseconds
        guard Self.range.contains(microseconds) else { return nil }
        self.microseconds = microseconds
    }

    /// What a caller may write, for people.
    package static let claimRule =
        "expected a date-time of the years 1970 to 2999 such as 2026-11-22T10:00:00Z (RFC 3339)"

    /// The moment that a caller writes: of the years 1970 to 2999, so that its UTC form keeps four digits of a year.
    package init?(claimed text: String) {
        let scanner = DateTimeScanner(Array(text.utf8))
        guard let year = scanner.year, (1970...2999).contains(year) else { return nil }
        self.init(scanner)
    }

    private static func append(_ number: Int64, digits: Int, to target: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            target.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    /// Proleptic Gregorian date of a day number (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { text }
}
