/// How many calls to an upstream may be tried again, as a share of those that are made: retries help when few calls
/// fail, and are a second flood when all do.
///
/// A bucket of tokens: every call puts a part of one in, as does time, so that a quiet gateway can retry at all; every
/// retry takes one out.
package struct RetryBudget: Hashable, Sendable {
    package struct Settings: Hashable, Sendable {
        /// Retries for 100 calls.
        package var percent = 10
        /// Retries in a second that are always allowed.
        package var leastPerSecond = 1
        /// Retries that can be saved up.
        package var capacity = 100

        package init() {}
    }

    /// A token in the units that are counted: 100 for `percent`, 1,000 for milliseconds.
    private static let unit: Int64 = 100_000
    /// Twelve days fill any bucket that is filled by time at all, and keep the product in range.
    private static let longestRefillMilliseconds: Int64 = 1 << 30

    private let settings: Settings
    private var level: Int64
    private var refilledAt: ContinuousClock.Instant

    package init(_ settings: Settings = Settings(), at now: ContinuousClock.Instant) {
        var settings = settings
        settings.percent = min(max(settings.percent, 0), 100)
        settings.leastPerSecond = min(max(settings.leastPerSecond, 0), 10_000)
        settings.capacity = min(max(settings.capacity, 1), 1_000_000)
        self.settings = settings
        level = Int64(settings.leastPerSecond) * Self.unit
        refilledAt = now
        level = min(level, capacity)
    }

    /// Whole retries that are allowed now.
    package var available: Int { Int(level / Self.unit) }

    /// A call is made for the first time.
    package mutating func recordCall(at now: ContinuousClock.Instant) {
        refill(at: now)
        level = min(level + Int64(settings.percent) * 1_000, capacity)
    }

    /// - Returns: whether a call may be tried again; then it counts.
    package mutating func takeRetry(at now: ContinuousClock.Instant) -> Bool {
        refill(at: now)
        guard level >= Self.unit else { return false }
        level -= Self.unit
        return true
    }

    private var capacity: Int64 { Int64(settings.capacity) * Self.unit }

    private mutating func refill(at now: ContinuousClock.Instant) {
        guard now > refilledAt else { return }
        let elapsed = min(now.wholeMilliseconds(since: refilledAt), Self.longestRefillMilliseconds)
        guard elapsed > 0 else { return }
        // What is less than a millisecond is left for the next time.
        refilledAt =
            elapsed == Self.longestRefillMilliseconds ? now : refilledAt.advanced(by: .milliseconds(elapsed))
        level = min(level + elapsed * Int64(settings.leastPerSecond) * (Self.unit / 1_000), capacity)
    }
}

extension ContinuousClock.Instant {
    /// Whole milliseconds, rounded down; 0 when `earlier` is later.
    fileprivate func wholeMilliseconds(since earlier: Self) -> Int64 {
        let (seconds, attoseconds) = earlier.duration(to: self).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return overflow || carry ? .max : sum
    }
}
