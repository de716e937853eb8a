#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A moment on a clock that nobody sets.
package struct MonotonicTime: Hashable, Sendable {
    /// Since a moment that means nothing.
    private var nanoseconds: Int64

    package static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package func advanced(byNanoseconds more: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds + more) }

    package func nanoseconds(since earlier: MonotonicTime) -> Int64 { nanoseconds - earlier.nanoseconds }
}
