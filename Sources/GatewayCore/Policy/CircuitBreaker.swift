/// Keeps calls away from what fails, and tries now and then whether it works again.
///
/// *Closed*: calls go through; when too many of the last ones failed it opens. *Open*: no call goes through until its
/// time is over. *Half-open*: a few calls are probes; if all succeed it closes, if one fails it opens for twice as
/// long.
package struct CircuitBreaker: Hashable, Sendable {
    package struct Settings: Hashable, Sendable {
        /// The last calls that count: 1 through 64.
        package var windowCount = 20
        /// Of which so many must be known before it may open: 1 through `windowCount`.
        package var leastCount = 5
        /// And so many of 100 have failed.
        package var failurePercent = 50
        /// When nothing was called for so long, what was before is forgotten.
        package var memoryMilliseconds: Int64 = 60_000
        package var openMilliseconds: Int64 = 1_000
        /// The longest it stays open, however often probes fail.
        package var longestOpenMilliseconds: Int64 = 60_000
        /// Calls at a time while it is half-open, all of which must succeed.
        package var probeCount = 2

        package init() {}
    }

    package enum Permission: Hashable, Sendable {
        /// Report how the call went under this ticket.
        case allowed(Ticket)
        case refused(retryAfterMilliseconds: Int64)
    }

    /// Which state of the breaker a call belongs to: reports from before a change count no more.
    package struct Ticket: Hashable, Sendable {
        fileprivate var epoch: UInt64
    }

    package enum State: Hashable, Sendable {
        case closed
        case open(until: ContinuousClock.Instant)
        /// Probes that run, and that have succeeded.
        case halfOpen(running: Int, succeeded: Int)
    }

    private let settings: Settings
    package private(set) var state = State.closed
    private var epoch: UInt64 = 0
    /// The last calls, the newest in the lowest bit; a failure is 1.
    private var failures: UInt64 = 0
    private var callCount = 0
    private var lastReport: ContinuousClock.Instant?
    private var openMilliseconds: Int64
    private var lastProbe: ContinuousClock.Instant?

    package init(_ settings: Settings = Settings()) {
        var settings = settings
        settings.windowCount = min(max(settings.windowCount, 1), 64)
        settings.leastCount = min(max(settings.leastCount, 1), settings.windowCount)
        settings.failurePercent = min(max(settings.failurePercent, 1), 100)
        settings.openMilliseconds = min(max(settings.openMilliseconds, 1), GatewayLimits.longestTimeoutMilliseconds)
        settings.longestOpenMilliseconds = min(
            max(settings.longestOpenMilliseconds, settings.openMilliseconds), GatewayLimits.longestTimeoutMilliseconds)
        settings.probeCount = max(settings.probeCount, 1)
        self.settings = settings
        openMilliseconds = settings.openMilliseconds
    }

    /// Whether a call may be made now. Every allowed call must be reported, or abandoned.
    package mutating func permission(at now: ContinuousClock.Instant) -> Permission {
        switch state {
        case .closed: return .allowed(Ticket(epoch: epoch))
        case .open(let until):
            guard now >= until else { return .refused(retryAfterMilliseconds: until.milliseconds(since: now)) }
            change(to: .halfOpen(running: 1, succeeded: 0))
        case .halfOpen(let running, let succeeded):
            if running + succeeded < settings.probeCount {
                state = .halfOpen(running: running + 1, succeeded: succeeded)
            } else {
                // A probe whose report never comes must not keep the breaker half-open for ever.
                let given = lastProbe ?? now
                let isLost = now >= given.advanced(by: .milliseconds(settings.longestOpenMilliseconds))
                guard isLost else { return .refused(retryAfterMilliseconds: settings.openMilliseconds) }
                change(to: .halfOpen(running: 1, succeeded: 0))
            }
        }
        lastProbe = now
        return .allowed(Ticket(epoch: epoch))
    }

    /// How a call went. What the caller did wrong (a status of 400) is a success here.
    package mutating func report(_ ticket: Ticket, succeeded: Bool, at now: ContinuousClock.Instant) {
        guard ticket.epoch == epoch else { return }
        switch state {
        case .closed: record(succeeded, at: now)
        case .open: break
        case .halfOpen(let running, let successes):
            guard succeeded else {
                openMilliseconds = min(openMilliseconds * 2, settings.longestOpenMilliseconds)
                open(at: now)
                return
            }
            if successes + 1 >= settings.probeCount {
                openMilliseconds = settings.openMilliseconds
                change(to: .closed)
            } else {
                state = .halfOpen(running: max(running - 1, 0), succeeded: successes + 1)
            }
        }
    }

    /// A call that ended without saying anything about the other side: the client went away.
    package mutating func abandon(_ ticket: Ticket) {
        guard ticket.epoch == epoch, case .halfOpen(let running, let succeeded) = state else { return }
        state = .halfOpen(running: max(running - 1, 0), succeeded: succeeded)
    }

    private mutating func record(_ succeeded: Bool, at now: ContinuousClock.Instant) {
        if let lastReport, now >= lastReport.advanced(by: .milliseconds(settings.memoryMilliseconds)) {
            (failures, callCount) = (0, 0)
        }
        lastReport = now
        failures = failures << 1 | (succeeded ? 0 : 1)
        if settings.windowCount < 64 { failures &= 1 << UInt64(settings.windowCount) - 1 }
        callCount = min(callCount + 1, settings.windowCount)
        guard !succeeded, callCount >= settings.leastCount,
            failures.nonzeroBitCount * 100 >= settings.failurePercent * callCount
        else { return }
        open(at: now)
    }

    private mutating func open(at now: ContinuousClock.Instant) {
        change(to: .open(until: now.advanced(by: .milliseconds(openMilliseconds))))
    }

    private mutating func change(to state: State) {
        self.state = state
        epoch &+= 1
        (failures, callCount, lastReport) = (0, 0, nil)
    }
}

extension ContinuousClock.Instant {
    /// Whole milliseconds, rounded up; 0 when `earlier` is later.
    func milliseconds(since earlier: Self) -> Int64 {
        let (seconds, attoseconds) = earlier.duration(to: self).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, carry) = whole.addingReportingOverflow(fraction)
        return overflow || carry ? .max : sum
    }
}
