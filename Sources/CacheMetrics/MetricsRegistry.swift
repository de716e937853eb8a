package import CoreMetrics

/// The metrics of a service, as a backend of swift-metrics. All series are there from the beginning: nothing is locked,
/// memory does not grow, and a label that nobody has listed is recorded nowhere.
///
///     let registry = MetricsRegistry([MetricFamily("app_jobs_total", .counter, "Jobs that were done.")])
///     Counter(label: "app_jobs_total", factory: registry).increment()
///     registry.exposition     // … app_jobs_total 1
package final class MetricsRegistry: MetricsFactory {
    package enum Series: Sendable {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    private struct Key: Hashable {
        var name: String
        var labels: Set<MetricLabel>
    }

    package let families: [MetricFamily]
    private let series: [Key: Series]

    package init(_ families: [MetricFamily]) {
        self.families = families
        var series: [Key: Series] = [:]
        for family in families {
            for labels in family.series {
                series[Key(name: family.name, labels: Set(labels))] =
                    switch family.kind {
                    case .counter: .counter(CounterSeries())
                    case .gauge: .gauge(GaugeSeries())
                    case .times, .sizes: .histogram(HistogramSeries())
                    }
            }
        }
        self.series = series
    }

    package subscript(name: String, labels: [MetricLabel]) -> Series? { series[Key(name: name, labels: Set(labels))] }

    /// Of a histogram; nil when there is none of this name with these labels.
    package func values(of name: String, _ labels: [MetricLabel] = []) -> HistogramValues? {
        guard case .histogram(let histogram)? = self[name, labels] else { return nil }
        return histogram.values
    }

    // MARK: MetricsFactory

    private func find(_ name: String, _ dimensions: [(String, String)]) -> Series? {
        self[name, dimensions.map { MetricLabel($0.0, $0.1) }]
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        guard case .counter(let counter)? = find(label, dimensions) else { return NOOPMetricsHandler.instance }
        return counter
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        guard case .gauge(let gauge)? = find(label, dimensions) else { return NOOPMetricsHandler.instance }
        return gauge
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        switch find(label, dimensions) {
        case .gauge(let gauge): gauge
        case .histogram(let histogram): histogram
        case .counter, nil: NOOPMetricsHandler.instance
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard case .histogram(let histogram)? = find(label, dimensions) else { return NOOPMetricsHandler.instance }
        return histogram
    }

    // Series live as long as the registry.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
