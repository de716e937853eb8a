internal import CoreMetrics
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A number that only grows.
package final class CounterSeries: CounterHandler {
    private let count = Atomic<Int>(0)

    package var value: Int { count.load(ordering: .relaxed) }

    package func increment(by amount: Int64) { count.wrappingAdd(Int(clamping: amount), ordering: .relaxed) }
    package func reset() { count.store(0, ordering: .relaxed) }
}

/// A number that is set.
package final class GaugeSeries: MeterHandler, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    package func set(_ value: Int64) { set(Double(value)) }
    package func record(_ value: Double) { set(value) }
    package func record(_ value: Int64) { set(Double(value)) }
    package func decrement(by amount: Double) { increment(by: -amount) }

    package func increment(by amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let sum = Double(bitPattern: old) + amount
            let (isDone, current) = bits.weakCompareExchange(
                expected: old, desired: sum.bitPattern, ordering: .relaxed)
            if isDone { return }
            old = current
        }
    }
}

/// A distribution. Threads record in parts of their own, as far as there are enough, and never wait for each other.
///
/// `@unchecked Sendable`: the memory behind the pointer is allocated and freed with the object, and holds only atomics.
package final class HistogramSeries: TimerHandler, RecorderHandler, @unchecked Sendable {
    private static let partCount = 4
    /// The sum, then the buckets; parts begin at multiples of a cache line.
    private static let partLength = (1 + HistogramScale.bucketCount + 7) / 8 * 8
    private let numbers: UnsafeMutablePointer<Atomic<Int>>

    package init() {
        numbers = .allocate(capacity: Self.partCount * Self.partLength)
        for index in 0..<Self.partCount * Self.partLength { (numbers + index).initialize(to: Atomic(0)) }
    }

    deinit {
        numbers.deinitialize(count: Self.partCount * Self.partLength)
        numbers.deallocate()
    }

    package func recordNanoseconds(_ nanoseconds: Int64) { record(nanoseconds) }
    package func record(_ value: Double) { record(Int64(exactly: value.rounded()) ?? (value > 0 ? .max : 0)) }

    package func record(_ value: Int64) {
        let part = numbers + Self.part * Self.partLength
        part[0].wrappingAdd(Int(clamping: max(0, value)), ordering: .relaxed)
        part[1 + HistogramScale.bucket(of: value)].wrappingAdd(1, ordering: .relaxed)
    }

    /// What was recorded up to about now: a value that comes meanwhile may be in it by halves.
    package var values: HistogramValues {
        var values = HistogramValues()
        for part in 0..<Self.partCount {
            let part = numbers + part * Self.partLength
            values.sum &+= part[0].load(ordering: .relaxed)
            for bucket in values.counts.indices { values.counts[bucket] &+= part[1 + bucket].load(ordering: .relaxed) }
        }
        return values
    }

    /// Mostly another one for each thread, and always the same for one.
    private static var part: Int {
        #if canImport(Glibc)
            let thread = UInt64(truncatingIfNeeded: pthread_self())
        #else
            let thread = UInt64(truncatingIfNeeded: Int(bitPattern: pthread_self()))
        #endif
        // Fibonacci hashing: the addresses of threads differ by multiples of their stacks.
        return Int((thread &* 0x9e37_79b9_7f4a_7c15) >> 62)
    }
}
