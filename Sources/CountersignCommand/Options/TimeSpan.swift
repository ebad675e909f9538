import ArgumentParser
import Ledger

/// A duration with its unit: `500ms`, `10s`, `5m`, `12h`, `366d`, `2w`. At most a hundred years, so that it can be
/// added to any moment.
struct TimeSpan: ExpressibleByArgument, Sendable {
    let milliseconds: Int64

    /// What may be written, for people.
    static let rule = "a number from 1 with a unit (ms, s, m, h, d or w), at most \(daysMax)d"

    private static let daysMax = 36_525
    private static let units: [(name: String, milliseconds: Int)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000),
    ]

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let name = argument.dropFirst(digits.count)
        guard let unit = Self.units.first(where: { $0.name == name }),
            let count = WholeNumber.read(digits, max: Self.daysMax * 86_400_000 / unit.milliseconds), count > 0
        else { return nil }
        milliseconds = Int64(count * unit.milliseconds)
    }

    init(seconds: Int64) { milliseconds = seconds * 1_000 }

    var duration: Duration { .milliseconds(milliseconds) }
    var microseconds: Int64 { milliseconds * 1_000 }

    /// In the largest unit that divides it.
    var defaultValueDescription: String {
        let unit = Self.units.last { milliseconds.isMultiple(of: Int64($0.milliseconds)) && $0.name != "w" }
        return unit.map { "\(milliseconds / Int64($0.milliseconds))\($0.name)" } ?? "\(milliseconds)ms"
    }
}
