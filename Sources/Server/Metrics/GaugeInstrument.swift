import CoreMetrics
import Synchronization

/// The last value of something that goes up and down.
final class GaugeInstrument: MeterHandler, RecorderHandler, Instrument {
    private let value = Mutex<Double>(0)

    var samples: [Sample] { [Sample(value: value.withLock { $0 })] }

    func set(_ new: Int64) { set(Double(new)) }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ new: Int64) { set(Double(new)) }
    func record(_ new: Double) { set(new) }
}
