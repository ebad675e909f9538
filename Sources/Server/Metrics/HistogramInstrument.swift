import CoreMetrics
import Synchronization

/// Times, counted by the bucket that they fall into.
final class HistogramInstrument: TimerHandler, Instrument {
    /// Upper bounds in seconds: from a group commit on a fast disk to a verification of millions of entries.
    static let bounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800,
    ]

    private struct State {
        /// One more than the bounds: the last is for what exceeds them all.
        var counts = [Double](repeating: 0, count: bounds.count + 1)
        var sum = 0.0
    }

    private let state = Mutex(State())

    var samples: [Sample] {
        let state = state.withLock { $0 }
        var total = 0.0
        var samples: [Sample] = []
        for (bound, count) in zip(Self.bounds + [.infinity], state.counts) {
            total += count
            samples.append(Sample(suffix: "_bucket", label: "le=\"\(ExpositionText.number(bound))\"", value: total))
        }
        return samples + [Sample(suffix: "_sum", value: state.sum), Sample(suffix: "_count", value: total)]
    }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(max(duration, 0)) / 1e9
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += seconds
        }
    }
}
