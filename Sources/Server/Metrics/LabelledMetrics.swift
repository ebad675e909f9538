import CoreMetrics
import Synchronization

/// The metrics of one name, one for each set of label values, each made once.
final class LabelledMetrics<Metric: Sendable>: Sendable {
    /// Beyond it metrics are made anew each time; the factory has its own bound.
    private static var keptMax: Int { 1_000 }

    private let make: @Sendable ([(String, String)]) -> Metric
    private let names: [String]
    private let kept = Mutex<[[String]: Metric]>([:])

    init(_ names: [String], _ make: @escaping @Sendable ([(String, String)]) -> Metric) {
        self.names = names
        self.make = make
    }

    /// The metric for `values`, which are in the order of the names.
    subscript(_ values: String...) -> Metric {
        kept.withLock { kept in
            if let metric = kept[values] { return metric }
            let metric = make(Array(zip(names, values)))
            if kept.count < Self.keptMax { kept[values] = metric }
            return metric
        }
    }
}
