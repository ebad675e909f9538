import CoreMetrics
import Testing

@testable import Server

@Suite struct `The metrics page` {
    @Test func `prints every kind of metric in the text format of Prometheus`() {
        let metrics = PrometheusMetrics(help: ["mail_total": "Mail that went out.\nA \\ and a second line."])
        let mail = Counter(label: "mail", dimensions: [("to", "b"), ("from", "a")], factory: metrics)
        mail.increment(by: 2)
        Counter(label: "mail_total", dimensions: [("from", "a"), ("to", "b")], factory: metrics).increment()
        Counter(label: "mail", factory: metrics).increment(by: 0)
        FloatingPointCounter(label: "cost.total", factory: metrics).increment(by: 0.5)
        Gauge(label: "queue-length", factory: metrics).record(-3)
        let meter = Meter(label: "open", factory: metrics)
        meter.increment(by: 4)
        meter.decrement(by: 1.5)
        let sizes = Recorder(label: "size_bytes", factory: metrics)
        sizes.record(100)
        sizes.record(28)
        let waits = Timer(label: "wait", factory: metrics)
        for nanoseconds in [0, 500_000, 500_001, 2_000_000_000, 9_000_000_000_000, -1] {
            waits.recordNanoseconds(Int64(nanoseconds))
        }
        #expect(metrics.exposition() == Self.golden)
    }

    private static let golden = #"""
        # HELP cost_total The metric cost_total.
        # TYPE cost_total counter
        cost_total 0.5
        # HELP countersign_metrics_refused_label_sets_total Label sets that were not kept because their family was full.
        # TYPE countersign_metrics_refused_label_sets_total counter
        countersign_metrics_refused_label_sets_total 0
        # HELP mail_total Mail that went out.\nA \\ and a second line.
        # TYPE mail_total counter
        mail_total 0
        mail_total{from="a",to="b"} 3
        # HELP open The metric open.
        # TYPE open gauge
        open 2.5
        # HELP queue_length The metric queue_length.
        # TYPE queue_length gauge
        queue_length -3
        # HELP size_bytes The metric size_bytes.
        # TYPE size_bytes summary
        size_bytes_sum 128
        size_bytes_count 2
        # HELP wait_seconds The metric wait_seconds.
        # TYPE wait_seconds histogram
        wait_seconds_bucket{le="0.0005"} 3
        wait_seconds_bucket{le="0.001"} 4
        wait_seconds_bucket{le="0.0025"} 4
        wait_seconds_bucket{le="0.005"} 4
        wait_seconds_bucket{le="0.01"} 4
        wait_seconds_bucket{le="0.025"} 4
        wait_seconds_bucket{le="0.05"} 4
        wait_seconds_bucket{le="0.1"} 4
        wait_seconds_bucket{le="0.25"} 4
        wait_seconds_bucket{le="0.5"} 4
        wait_seconds_bucket{le="1"} 4
        wait_seconds_bucket{le="2.5"} 5
        wait_seconds_bucket{le="5"} 5
        wait_seconds_bucket{le="10"} 5
        wait_seconds_bucket{le="30"} 5
        wait_seconds_bucket{le="60"} 5
        wait_seconds_bucket{le="300"} 5
        wait_seconds_bucket{le="1800"} 5
        wait_seconds_bucket{le="+Inf"} 6
        wait_seconds_sum 9002.001000001
        wait_seconds_count 6

        """#

    @Test func `escapes label values and mends names`() {
        let metrics = PrometheusMetrics()
        let odd = [("a b", "x\"y\\z\nü\u{0}"), ("le", "1"), ("1st", ""), ("a-b", "lost: a_b is there already")]
        Meter(label: "http.route:é", dimensions: odd, factory: metrics).set(1)
        let line = metrics.exposition().split(separator: "\n").last.map { String($0) }
        #expect(line == #"http_route:__{_1st="",a_b="x\"y\\z\nü\#u{0}",le_="1"} 1"#)
    }

    @Test func `prints what is no number as Prometheus spells it`() {
        #expect(
            [Double.nan, .infinity, -.infinity, 1e300, 1, 0.1].map(ExpositionText.number) == [
                "NaN", "+Inf", "-Inf", "1e+300", "1", "0.1",
            ])
    }

    @Test func `keeps a bounded number of label sets, and counts those it did not keep`() {
        let metrics = PrometheusMetrics()
        for number in 0..<(PrometheusMetrics.labelSetsMax + 5) {
            Counter(label: "hits", dimensions: [("path", "\(number)")], factory: metrics).increment()
        }
        let lines = metrics.exposition().split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("hits_total{") } == PrometheusMetrics.labelSetsMax)
        #expect(lines.contains("\(PrometheusMetrics.refusedName) 5"))
        // What is kept still counts.
        Counter(label: "hits", dimensions: [("path", "7")], factory: metrics).increment()
        #expect(metrics.exposition().contains("hits_total{path=\"7\"} 2\n"))
    }

    @Test func `prints one type for each name`() {
        let metrics = PrometheusMetrics()
        Meter(label: "x_total", factory: metrics).set(1)
        Counter(label: "x", factory: metrics).increment()
        Recorder(label: "x_total", dimensions: [("a", "b")], factory: metrics).record(1)
        let lines = metrics.exposition().split(separator: "\n").filter {
            $0.contains("x_total") && !$0.contains("HELP")
        }
        #expect(lines == ["# TYPE x_total gauge", "x_total 1"])
    }

    @Test func `forgets what was destroyed`() {
        let metrics = PrometheusMetrics()
        let one = Counter(label: "x", dimensions: [("a", "1")], factory: metrics)
        let other = Counter(label: "x", dimensions: [("a", "2")], factory: metrics)
        one.destroy()
        #expect(!metrics.exposition().contains("a=\"1\""))
        #expect(metrics.exposition().contains("a=\"2\""))
        other.destroy()
        #expect(!metrics.exposition().contains("x_total"))
    }

    @Test func `loses nothing when many write at once`() async {
        let metrics = PrometheusMetrics()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<1_000 {
                        Counter(label: "c", dimensions: [("n", "\(number % 3)")], factory: metrics).increment()
                        Timer(label: "t", factory: metrics).recordSeconds(0.001)
                    }
                }
            }
        }
        let text = metrics.exposition()
        #expect(text.contains("c_total{n=\"0\"} 2672\n") && text.contains("c_total{n=\"2\"} 2664\n"))
        #expect(text.contains("t_seconds_count 8000\n"))
    }
}
