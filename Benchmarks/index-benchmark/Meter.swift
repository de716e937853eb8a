import Foundation

/// Clocks of the system.
enum Meter {
    static var wallNanoseconds: UInt64 { time(of: CLOCK_MONOTONIC) }
    /// User and system time of the calling thread. Everything here runs on one.
    static var threadNanoseconds: UInt64 { time(of: CLOCK_THREAD_CPUTIME_ID) }

    private static func time(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Adds up processor time, lap by lap.
struct Stopwatch {
    private(set) var nanoseconds: UInt64 = 0
    private(set) var longestNanoseconds: UInt64 = 0
    private var last = Meter.threadNanoseconds

    /// Adds the time since the last call.
    mutating func lap() {
        let now = Meter.threadNanoseconds
        nanoseconds += now - last
        longestNanoseconds = max(longestNanoseconds, now - last)
        last = now
    }
}
