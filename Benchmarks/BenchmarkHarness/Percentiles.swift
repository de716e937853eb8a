extension Sequence<Double> {
    /// The value at or below which a share of them is; 0 of none.
    package func percentile(_ share: Double) -> Double {
        let values = sorted()
        return values.isEmpty ? 0 : values[Swift.min(values.count - 1, Int(Double(values.count) * share))]
    }

    package var median: Double { percentile(0.5) }
}
