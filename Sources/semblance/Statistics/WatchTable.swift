/// Histograms as rows: what was measured, how often, and percentiles.
enum WatchTable {
    static var empty: TextTable {
        TextTable([
            .init(""), .init("COUNT", .right), .init("P50", .right), .init("P90", .right), .init("P99", .right),
            .init("MOST", .right),
        ])
    }

    /// - Parameter name: as the statistics have it, such as `stage.search`.
    static func cells(_ name: String, _ counts: BucketCounts) -> [String] {
        let shares = [0.5, 0.9, 0.99, 1]
        let isSize = name.hasPrefix("searchBatch") || name.hasPrefix("commitBatch")
        return [name, NumberText.grouped(counts.count)]
            + shares.map { counts.quantile($0).map { isSize ? NumberText.grouped($0) : time($0) } ?? "-" }
    }

    /// With three digits at least where they are known: `9.2 µs`, `143 µs`, `12.3 ms`, `1.20 s`.
    static func time(_ nanoseconds: Int) -> String {
        switch nanoseconds {
        case ..<10_000: NumberText.fixed(Double(nanoseconds) / 1e3, digits: 1) + " µs"
        case ..<1_000_000: NumberText.fixed(Double(nanoseconds) / 1e3, digits: 0) + " µs"
        case ..<1_000_000_000: NumberText.fixed(Double(nanoseconds) / 1e6, digits: 1) + " ms"
        case Int.max: "more than a minute"
        default: NumberText.fixed(Double(nanoseconds) / 1e9, digits: 2) + " s"
        }
    }
}
