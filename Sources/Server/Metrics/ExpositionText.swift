/// The text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
struct ExpositionText {
    private(set) var text = ""

    mutating func append(_ family: MetricFamily, named name: String) {
        text += "# HELP \(name) \(Self.escaped(family.help, quote: false))\n# TYPE \(name) \(family.kind.rawValue)\n"
        for (labels, instrument) in family.series.sorted(by: { $0.key < $1.key }) {
            for sample in instrument.samples {
                let inner = [labels.text, sample.label ?? ""].filter { !$0.isEmpty }.joined(separator: ",")
                text += name + sample.suffix + (inner.isEmpty ? "" : "{\(inner)}") + " \(Self.number(sample.value))\n"
            }
        }
    }

    /// `value` with what would end it or its line written as an escape.
    static func escaped(_ value: String, quote: Bool) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quote: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// A number as Go's ParseFloat reads it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
