/// Whether a call that failed is made again, and when.
package struct RetryRule: Hashable, Sendable {
    /// Calls in all for one request, the first included.
    package var attemptLimit: Int
    /// The longest wait before the second call; it doubles from call to call.
    package var firstDelayMilliseconds: Int64
    /// No wait is longer. An upstream that asks for more is not called again: the client has its own patience.
    package var longestDelayMilliseconds: Int64

    package init(
        attemptLimit: Int, firstDelayMilliseconds: Int64 = 200, longestDelayMilliseconds: Int64 = 5_000
    ) {
        self.attemptLimit = attemptLimit
        self.firstDelayMilliseconds = max(firstDelayMilliseconds, 1)
        self.longestDelayMilliseconds = max(longestDelayMilliseconds, 1)
    }

    /// Asks nothing of the retry budget: what is worth a retry then takes its token.
    ///
    /// - Parameters:
    ///   - attempt: the call that failed, counted from 1.
    ///   - hasStreamed: whether the client has got the beginning of the answer; then there is no second one.
    ///   - retryAfterMilliseconds: what the upstream asked for.
    ///   - remainingMilliseconds: until the request's deadline; nil for none.
    ///   - jitter: a random number from 0 up to 1, so that clients which failed together do not come back together.
    /// - Returns: how long to wait, in milliseconds; nil for no further call.
    package func delayMilliseconds(
        after failure: UpstreamFailure, attempt: Int, hasStreamed: Bool, retryAfterMilliseconds: Int64? = nil,
        remainingMilliseconds: Int64? = nil, jitter: Double
    ) -> Int64? {
        guard failure.mayPass, !hasStreamed, attempt >= 1, attempt < attemptLimit else { return nil }
        let doublings = Int64(min(attempt - 1, 30))
        let (product, overflow) = firstDelayMilliseconds.multipliedReportingOverflow(by: 1 << doublings)
        let ceiling = overflow ? longestDelayMilliseconds : min(product, longestDelayMilliseconds)
        let share = jitter.isFinite ? min(max(jitter, 0), 1) : 1
        let drawn = Int64((Double(ceiling) * share).rounded())
        let delay = max(drawn, retryAfterMilliseconds ?? 0)
        guard delay <= longestDelayMilliseconds else { return nil }
        if let remainingMilliseconds, delay >= remainingMilliseconds { return nil }
        return delay
    }

    /// Milliseconds of a `Retry-After` that gives whole seconds; nil for a date, or what is neither.
    package static func milliseconds(retryAfter value: String) -> Int64? {
        DecimalText.unsigned(HeaderList.trimmed(value[...])).flatMap { Int64(exactly: $0) }
            .map { $0 > 1 << 31 ? (1 << 31) * 1_000 : $0 * 1_000 }
    }
}
