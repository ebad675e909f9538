/// One series, which anybody may write to at any time.
protocol Instrument: AnyObject, Sendable {
    /// What it holds now.
    var samples: [Sample] { get }
}

/// One line of the exposition: the end of its name, a label beside the series' own, the value.
struct Sample: Sendable {
    var suffix = ""
    var label: String?
    let value: Double
}
