import CacheMetrics
import CoreMetrics
import Testing

@Suite struct MetricsRegistryTests {
    private let registry = MetricsRegistry([
        MetricFamily("jobs_total", .counter, "Jobs.", label: "outcome", ["done", "a \"b\"\\\n"]),
        MetricFamily("load", .gauge, "Load."),
        MetricFamily("wait_seconds", .times, "Waits."),
        MetricFamily("batch_size", .sizes, "Batches.", label: "kind", ["x"]),
    ])

    @Test func whatIsRecordedThroughSwiftMetricsIsShown() {
        Counter(label: "jobs_total", dimensions: [("outcome", "done")], factory: registry).increment(by: 3)
        Meter(label: "load", factory: registry).set(1.5)
        let timer = Timer(label: "wait_seconds", factory: registry)
        timer.recordNanoseconds(1_024)
        timer.recordNanoseconds(1_025)
        timer.recordSeconds(20)
        Recorder(label: "batch_size", dimensions: [("kind", "x")], factory: registry).record(256)
        let lines = registry.exposition.split(separator: "\n").map(String.init)
        for line in [
            "# HELP jobs_total Jobs.", "# TYPE jobs_total counter", #"jobs_total{outcome="done"} 3"#,
            #"jobs_total{outcome="a \"b\"\\\n"} 0"#, "# TYPE load gauge", "load 1.5", "# TYPE wait_seconds histogram",
            #"wait_seconds_bucket{le="0.000001024"} 1"#, #"wait_seconds_bucket{le="0.000002048"} 2"#,
            #"wait_seconds_bucket{le="17.179869184"} 2"#, #"wait_seconds_bucket{le="+Inf"} 3"#,
            "wait_seconds_sum 20.000002049", "wait_seconds_count 3", #"batch_size_bucket{kind="x",le="128"} 0"#,
            #"batch_size_bucket{kind="x",le="256"} 1"#, #"batch_size_sum{kind="x"} 256"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test func aLabelThatIsNotListedAddsNothing() {
        let before = registry.exposition
        Counter(label: "jobs_total", dimensions: [("outcome", "unheard of")], factory: registry).increment()
        Counter(label: "jobs_total", factory: registry).increment()
        Counter(label: "unheard_of_total", factory: registry).increment()
        Counter(label: "load", factory: registry).increment()
        Timer(label: "load", factory: registry).recordNanoseconds(1)
        Recorder(label: "jobs_total", dimensions: [("outcome", "done")], factory: registry).record(1)
        #expect(registry.exposition == before)
    }

    @Test func aGaugeIsSetAndMoved() {
        let meter = Meter(label: "load", factory: registry)
        meter.set(5)
        meter.increment(by: 2.5)
        meter.decrement(by: 0.5)
        #expect(registry.exposition.contains("\nload 7\n"))
        meter.set(-Double.infinity)
        #expect(registry.exposition.contains("\nload -Inf\n"))
    }

    @Test func labelsAreFoundInAnyOrder() {
        let labels = [MetricLabel("a", "1"), MetricLabel("b", "2")]
        let registry = MetricsRegistry([MetricFamily("both_total", .counter, "Both.", series: [labels])])
        Counter(label: "both_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(registry.exposition.hasSuffix("both_total{a=\"1\",b=\"2\"} 1\n"))
    }
}
