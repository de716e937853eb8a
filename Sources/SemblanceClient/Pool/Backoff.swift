import NIOCore

/// How long to wait before connecting again: doubling with every failure in a row up to a limit, with half of it left
/// to chance so that clients of a restarted service do not come back all at once.
struct Backoff: Sendable {
    var first: TimeAmount
    var limit: TimeAmount

    /// - Parameter failureCount: failures in a row, at least 1.
    /// - Returns: from half of `min(first · 2^(failureCount - 1), limit)` through all of it.
    func delay(afterFailures failureCount: Int, using randomness: inout some RandomNumberGenerator) -> TimeAmount {
        var delay = first.nanoseconds
        for _ in 1..<max(failureCount, 1) where delay < limit.nanoseconds {
            let (doubled, overflow) = delay.multipliedReportingOverflow(by: 2)
            delay = overflow ? limit.nanoseconds : doubled
            if delay >= limit.nanoseconds { break }
        }
        delay = max(1, min(delay, limit.nanoseconds))
        return .nanoseconds(Int64.random(in: (delay - delay / 2)...delay, using: &randomness))
    }
}
