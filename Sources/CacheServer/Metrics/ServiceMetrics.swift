package import CacheMetrics
import CoreMetrics
import Synchronization

/// The metrics of one service: what is recorded as things happen, and the statistics in the same form.
package final class ServiceMetrics: Sendable {
    /// Where engine and server record.
    package let registry: MetricsRegistry
    let timings: RequestTimings
    private let sources: [Source]
    /// Of each source, what its counter has been brought to.
    private let counted: Mutex<[Int]>

    /// A number of the statistics and the series that follows it.
    private struct Source {
        enum Target {
            case counter(Counter)
            case meter(Meter)
        }

        var path: String
        var divisor: Double
        var target: Target
    }

    package init() {
        let registry = MetricsRegistry(MetricTable.families)
        self.registry = registry
        timings = RequestTimings(registry)
        sources = MetricTable.collected.flatMap { metric in
            zip(metric.family.series, metric.paths).map { labels, path in
                let (name, dimensions) = (metric.family.name, labels.map { ($0.name, $0.value) })
                let target: Source.Target =
                    metric.family.kind == .counter
                    ? .counter(Counter(label: name, dimensions: dimensions, factory: registry))
                    : .meter(Meter(label: name, dimensions: dimensions, factory: registry))
                return Source(path: path, divisor: metric.divisor, target: target)
            }
        }
        counted = Mutex([Int](repeating: 0, count: sources.count))
    }

    /// Brings the metrics to where the statistics are.
    func publish(_ statistics: StatisticsField.Value) {
        let numbers = statistics.numbers
        counted.withLock { counted in
            for (index, source) in sources.enumerated() {
                let number = numbers[source.path] ?? 0
                switch source.target {
                case .counter(let counter):
                    // Numbers that are read at the same time by two may come in the wrong order.
                    guard number > counted[index] else { continue }
                    counter.increment(by: number - counted[index])
                    counted[index] = number
                case .meter(let meter): meter.set(Double(number) / source.divisor)
                }
            }
        }
    }

    /// The histograms as the statistics have them: only those that hold something, and of these only the buckets that do.
    var histogramFields: [StatisticsField] {
        MetricTable.recorded.flatMap { metric in
            metric.family.series.compactMap { labels in
                guard let values = registry.values(of: metric.family.name, labels), values.count > 0 else { return nil }
                let name = ([metric.field] + labels.map(\.value)).joined(separator: ".")
                return StatisticsField(name, .object(Self.fields(values)))
            }
        }
    }

    private static func fields(_ values: HistogramValues) -> [StatisticsField] {
        let buckets = values.counts.enumerated().filter { $0.element > 0 }.map { bucket, count in
            StatisticsField("\(HistogramScale.bound(bucket))", count)
        }
        return [
            StatisticsField("count", values.count), StatisticsField("sum", values.sum),
            StatisticsField("buckets", .object(buckets)),
        ]
    }
}

extension StatisticsField.Value {
    /// All numbers and flags by their path: `engine.entryCount`.
    var numbers: [String: Int] {
        var numbers: [String: Int] = [:]
        collect("", into: &numbers)
        return numbers
    }

    private func collect(_ path: String, into numbers: inout [String: Int]) {
        switch self {
        case .number(let number): numbers[path] = number
        case .flag(let flag): numbers[path] = flag ? 1 : 0
        case .text: break
        case .object(let fields):
            for field in fields {
                field.value.collect(path.isEmpty ? field.name : "\(path).\(field.name)", into: &numbers)
            }
        }
    }
}
