import CoreMetrics
import Synchronization

/// How many values there were, and their sum.
final class SummaryInstrument: RecorderHandler, Instrument {
    private let state = Mutex<(count: Double, sum: Double)>((0, 0))

    var samples: [Sample] {
        let (count, sum) = state.withLock { $0 }
        return [Sample(suffix: "_sum", value: sum), Sample(suffix: "_count", value: count)]
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        state.withLock { state in
            state.count += 1
            state.sum += value
        }
    }
}
