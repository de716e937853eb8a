import Histogram

/// A distribution of times in nanoseconds, with three significant digits; what is longer than an hour counts as an hour.
struct BenchHistogram: Sendable {
    private static let limitNanoseconds: UInt64 = 3_600_000_000_000

    private var histogram = Histogram<UInt64>(highestTrackableValue: Self.limitNanoseconds)

    var count: Int { Int(clamping: histogram.totalCount) }
    var isEmpty: Bool { count == 0 }
    var meanNanoseconds: UInt64 { UInt64(histogram.mean) }
    var minimumNanoseconds: UInt64 { isEmpty ? 0 : histogram.min }
    var maximumNanoseconds: UInt64 { histogram.maxRecorded }

    mutating func record(_ nanoseconds: UInt64) { histogram.record(min(nanoseconds, Self.limitNanoseconds)) }

    mutating func add(_ other: BenchHistogram) { histogram.add(other.histogram) }

    /// - Parameter percentile: 0 through 100.
    func nanoseconds(atPercentile percentile: Double) -> UInt64 { histogram.valueAtPercentile(percentile) }
}
