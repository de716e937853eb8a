import Foundation
import Histogram

/// Nanoseconds of a clock that only goes forward.
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A distribution of times, with three significant digits; what is longer than an hour counts as an hour.
package struct TimeHistogram: Sendable {
    private static let limitNanoseconds: UInt64 = 3_600_000_000_000

    private var histogram = Histogram<UInt64>(highestTrackableValue: Self.limitNanoseconds)

    package init() {}

    package var count: Int { Int(clamping: histogram.totalCount) }

    package mutating func record(_ nanoseconds: UInt64) { histogram.record(min(nanoseconds, Self.limitNanoseconds)) }

    package mutating func add(_ other: TimeHistogram) { histogram.add(other.histogram) }

    /// - Parameter percentile: 0 through 100.
    /// - Returns: 0 of nothing.
    package func microseconds(atPercentile percentile: Double) -> Double {
        count == 0 ? 0 : Double(histogram.valueAtPercentile(percentile)) / 1_000
    }

    package var medianMicroseconds: Double { microseconds(atPercentile: 50) }
}
