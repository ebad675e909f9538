/// All series of one name.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram, summary
    }

    let kind: Kind
    let help: String
    var series: [LabelSet: any Instrument]
}
