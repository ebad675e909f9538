import CoreMetrics
import Synchronization

/// A sum that only grows.
final class CounterInstrument: CounterHandler, FloatingPointCounterHandler, Instrument {
    private let value = Mutex<Double>(0)

    var samples: [Sample] { [Sample(value: value.withLock { $0 })] }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        guard amount > 0 else { return }
        value.withLock { $0 += amount }
    }

    func reset() { value.withLock { $0 = 0 } }
}
