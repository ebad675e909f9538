package import CoreMetrics
import Synchronization

/// Keeps the process's metrics and prints them as Prometheus reads them.
///
/// Counters stay counters, meters and plain recorders are gauges, aggregating recorders are summaries without
/// quantiles, timers are histograms in seconds over fixed buckets.
package final class PrometheusMetrics: MetricsFactory {
    /// The media type of `exposition()`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// One family of series never grows beyond this: a label that takes its values from outside cannot fill the memory.
    static let labelSetsMax = 1_000
    static let familiesMax = 500
    static let refusedName = "countersign_metrics_refused_label_sets_total"

    private let help: [String: String]
    private let families = Mutex<[String: MetricFamily]>([:])
    private let refused = CounterInstrument()

    /// `help` explains metrics by the name under which they are printed.
    package init(help: [String: String] = [:]) {
        self.help = help
        let own = MetricFamily(
            kind: .counter, help: "Label sets that were not kept because their family was full.",
            series: [LabelSet([]): refused])
        families.withLock { $0[Self.refusedName] = own }
    }

    /// Everything, as of now.
    package func exposition() -> String {
        var text = ExpositionText()
        for (name, family) in families.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            text.append(family, named: name)
        }
        return text.text
    }

    /// The instrument for `name` and `dimensions`: the one there is, or a new one from `make`.
    ///
    /// What cannot be kept (a full family, a name that another kind has) gets an instrument that is never printed.
    private func instrument<Kind: Instrument>(
        _ name: String, _ kind: MetricFamily.Kind, _ dimensions: [(String, String)], _ make: () -> Kind
    ) -> Kind {
        let labels = LabelSet(dimensions)
        return families.withLock { families in
            let known = families[name]
            if let instrument = known?.series[labels] as? Kind { return instrument }
            let hasRoom = known.map { $0.series.count < Self.labelSetsMax } ?? (families.count < Self.familiesMax)
            guard hasRoom, known == nil || known?.kind == kind, known?.series[labels] == nil else {
                refused.increment(by: Int64(1))
                return make()
            }
            let instrument = make()
            let empty = MetricFamily(kind: kind, help: help[name] ?? "The metric \(name).", series: [:])
            families[name, default: empty].series[labels] = instrument
            return instrument
        }
    }

    private func remove(_ instrument: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                guard let labels = family.series.first(where: { $0.value === instrument })?.key else { continue }
                families[name]?.series[labels] = nil
                if families[name]?.series.isEmpty == true { families[name] = nil }
            }
        }
    }

    private func name(_ label: String, unit: String = "") -> String {
        let name = MetricName.metric(label)
        return name.hasSuffix(unit) ? name : name + unit
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        instrument(name(label, unit: "_total"), .counter, dimensions) { CounterInstrument() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        instrument(name(label, unit: "_total"), .counter, dimensions) { CounterInstrument() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        instrument(name(label), .gauge, dimensions) { GaugeInstrument() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return instrument(name(label), .gauge, dimensions) { GaugeInstrument() } }
        return instrument(name(label), .summary, dimensions) { SummaryInstrument() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        instrument(name(label, unit: "_seconds"), .histogram, dimensions) { HistogramInstrument() }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
