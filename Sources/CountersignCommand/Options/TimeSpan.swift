import ArgumentParser

/// A duration with its unit: `500ms`, `10s`, `5m`, `12h`, `366d`, `2w`.
struct TimeSpan: ExpressibleByArgument, Sendable {
    let milliseconds: Int64

    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000),
    ]

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let name = argument.dropFirst(digits.count)
        guard let count = Int64(digits), (1...1_000_000_000).contains(count),
            let unit = Self.units.first(where: { $0.name == name }),
            // So that it is a number of microseconds as well.
            count <= Int64.max / 1_000 / unit.milliseconds
        else { return nil }
        milliseconds = count * unit.milliseconds
    }

    init(seconds: Int64) { milliseconds = seconds * 1_000 }

    var duration: Duration { .milliseconds(milliseconds) }
    var microseconds: Int64 { milliseconds * 1_000 }

    /// In the largest unit that divides it.
    var defaultValueDescription: String {
        let unit = Self.units.last { milliseconds.isMultiple(of: $0.milliseconds) && $0.name != "w" } ?? ("ms", 1)
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}
