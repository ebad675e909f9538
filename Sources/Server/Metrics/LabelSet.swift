/// The labels of one series, as they are printed between the braces.
///
/// Compared as bytes: Swift takes two spellings of one character for equal strings, Prometheus does not.
struct LabelSet: Sendable, Hashable {
    private let bytes: [UInt8]

    /// Sorted by name, so that the order of the dimensions does not matter; of a name given twice the first counts.
    init(_ dimensions: [(String, String)]) {
        var values: [String: String] = [:]
        for (name, value) in dimensions where values[MetricName.label(name)] == nil {
            values[MetricName.label(name)] = value
        }
        let labels = values.sorted { $0.key < $1.key }.map {
            "\($0.key)=\"\(ExpositionText.escaped($0.value, quote: true))\""
        }
        bytes = Array(labels.joined(separator: ",").utf8)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    static func < (one: LabelSet, other: LabelSet) -> Bool { one.bytes.lexicographicallyPrecedes(other.bytes) }
}
