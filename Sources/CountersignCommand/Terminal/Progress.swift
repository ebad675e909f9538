/// How far a long piece of work has come, and the line that says so.
struct Progress {
    /// What is counted, such as "lines".
    let unit: String
    /// How many were done.
    var done = 0
    /// How much of the work that is, between 0 and 1; nil if nobody knows the whole.
    var fraction: Double?

    private static let barWidth = 24

    /// `[#####-----]  42 %  1,234,567 lines  24,690 lines/s  00:31 left`
    func line(elapsedSeconds: Double, columns: Int) -> String {
        var parts: [String] = []
        if let fraction {
            let share = min(max(fraction, 0), 1)
            let filled = Int(share * Double(Self.barWidth))
            let percent = String(Int(share * 100))
            parts.append(
                "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barWidth - filled)
                    + "] " + String(repeating: " ", count: 3 - percent.count) + percent + " %")
        }
        parts.append("\(Self.grouped(done)) \(unit)")
        if elapsedSeconds >= 1, done > 0 {
            parts.append("\(Self.grouped(Int(Double(done) / elapsedSeconds)))/s")
            if let fraction, fraction > 0.001, fraction < 1 {
                parts.append("\(Self.clock(elapsedSeconds / fraction * (1 - fraction))) left")
            }
        }
        return String(parts.joined(separator: "  ").prefix(max(columns - 1, 0)))
    }

    /// `1,234,567`
    static func grouped(_ number: Int) -> String {
        var text = ""
        for (position, digit) in String(number.magnitude).reversed().enumerated() {
            if position > 0, position.isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }

    /// `05:31`, or `2:05:31` from an hour on.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        let rest = "\(two(whole / 60 % 60)):\(two(whole % 60))"
        return whole < 3600 ? rest : "\(whole / 3600):\(rest)"
    }
}
