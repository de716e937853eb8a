/// A metric and all its series: what it counts, and the values that its labels may have.
package struct MetricFamily: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case counter
        case gauge
        /// A histogram of times, recorded in nanoseconds and shown in seconds.
        case times
        /// A histogram of numbers of things.
        case sizes
    }

    package var name: String
    package var kind: Kind
    /// One sentence for whoever reads the metrics.
    package var help: String
    /// The labels of each series. They are all named here, so that no request can ever add one.
    package var series: [[MetricLabel]]

    package init(_ name: String, _ kind: Kind, _ help: String, series: [[MetricLabel]] = [[]]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.series = series
    }

    /// One series for each value of one label.
    package init(_ name: String, _ kind: Kind, _ help: String, label: String, _ values: [String]) {
        self.init(name, kind, help, series: values.map { [MetricLabel(label, $0)] })
    }
}

package struct MetricLabel: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
