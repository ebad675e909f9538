/// The moment that a token names: the narrow form of GeneralizedTime that RFC 3161 §2.4.2 allows.
enum GeneralizedTime {
    private static let microsecondsPerSecond: Int64 = 1_000_000
    private static let secondsPerDay: Int64 = 86_400
    /// `YYYYMMDDhhmmss`
    private static let digitsMin = 14
    private static let years: ClosedRange<Int64> = 1970...9999

    /// Microseconds since 1970-01-01T00:00:00Z of `YYYYMMDDhhmmss[.f...]Z`; digits beyond microseconds are dropped.
    /// Nil for anything else, a leap second included.
    static func microseconds(_ text: [UInt8]) -> Int64? {
        guard text.count > digitsMin, text.last == UInt8(ascii: "Z"),
            let year = number(text[0..<4]), years.contains(year),
            let month = number(text[4..<6]), (1...12).contains(month),
            let day = number(text[6..<8]), (1...days(inMonth: month, of: year)).contains(day),
            let hour = number(text[8..<10]), hour < 24,
            let minute = number(text[10..<12]), minute < 60,
            let second = number(text[12..<14]), second < 60,
            let fraction = fraction(text[digitsMin..<(text.count - 1)])
        else { return nil }
        let seconds = daysSince1970(year, month, day) * secondsPerDay + hour * 3_600 + minute * 60 + second
        return seconds * microsecondsPerSecond + fraction
    }

    /// The microseconds of `.f...`; zero for nothing, nil for a point without digits.
    private static func fraction(_ text: ArraySlice<UInt8>) -> Int64? {
        guard let point = text.first else { return 0 }
        let digits = text.dropFirst()
        guard point == UInt8(ascii: "."), !digits.isEmpty, number(digits.prefix(6)) != nil,
            digits.allSatisfy(isDigit)
        else { return nil }
        let padding = [UInt8](repeating: UInt8(ascii: "0"), count: 6)
        return number((digits + padding).prefix(6))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy(isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", for years that are not negative.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
