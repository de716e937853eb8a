/// The text that Prometheus reads, version 0.0.4.
/// https://prometheus.io/docs/instrumenting/exposition_formats/
extension MetricsRegistry {
    package static let expositionType = "text/plain; version=0.0.4; charset=utf-8"

    /// All families in the order in which they were listed, also those that nothing has happened to.
    package var exposition: String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.typeName)\n"
            for labels in family.series {
                switch self[family.name, labels] {
                case .counter(let counter): text += Self.line(family.name, labels, "\(counter.value)")
                case .gauge(let gauge): text += Self.line(family.name, labels, Self.number(gauge.value))
                case .histogram(let histogram): text += Self.lines(family, labels, histogram.values)
                case nil: break
                }
            }
        }
        return text
    }

    /// The bounds of the buckets that are shown: powers of two, as each is one of `HistogramScale`.
    private static func bounds(_ kind: MetricFamily.Kind) -> [Int64] {
        // About 1 µs to 17 s, and 1 to 4,096.
        (kind == .times ? 10...34 : 0...12).map { 1 << $0 }
    }

    private static func lines(_ family: MetricFamily, _ labels: [MetricLabel], _ values: HistogramValues) -> String {
        let number = family.kind == .times ? seconds : { "\($0)" }
        var text = ""
        for bound in bounds(family.kind) {
            let count = values.count(upTo: bound)
            text += line("\(family.name)_bucket", labels + [MetricLabel("le", number(bound))], "\(count)")
        }
        let count = values.count
        text += line("\(family.name)_bucket", labels + [MetricLabel("le", "+Inf")], "\(count)")
        text += line("\(family.name)_sum", labels, number(Int64(values.sum)))
        return text + line("\(family.name)_count", labels, "\(count)")
    }

    private static func line(_ name: String, _ labels: [MetricLabel], _ value: String) -> String {
        guard !labels.isEmpty else { return "\(name) \(value)\n" }
        let pairs = labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
        return "\(name){\(pairs.joined(separator: ","))} \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// Exact, with as few digits as possible.
    private static func seconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard rest != 0 else { return "\(whole)" }
        var digits = String("\(1_000_000_000 + rest.magnitude)".dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

extension MetricFamily.Kind {
    package var typeName: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .times, .sizes: "histogram"
        }
    }
}
