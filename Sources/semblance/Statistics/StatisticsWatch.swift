import CacheModel
import SemblanceClient

/// Looks at a service's statistics again and again.
struct StatisticsWatch {
    var interval: Duration
    /// Samples to take; nil until Control-C.
    var count: Int?

    /// The first sample is of the first interval. Ends early when it is interrupted.
    ///
    /// - Throws: `CacheError`, when the service cannot be asked.
    func run(
        _ service: SemblanceClient, isolation: isolated (any Actor)? = #isolation, show: (WatchSample) -> Void
    ) async throws {
        Interruption.watch()
        let clock = ContinuousClock()
        var before = try StatisticsDocument(try await service.statistics())
        var last = clock.now
        var taken = 0
        while count.map({ taken < $0 }) ?? true {
            guard try await pause(until: last + interval, clock) else { return }
            let document = try await service.statistics()
            let now = clock.now
            let statistics = try StatisticsDocument(document)
            show(WatchSample(now: statistics, before: before, elapsed: now - last))
            (before, last, taken) = (statistics, now, taken + 1)
        }
    }

    /// In short steps, as a signal is only noted.
    ///
    /// - Returns: false when it was interrupted.
    private func pause(
        until deadline: ContinuousClock.Instant, _ clock: ContinuousClock,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Bool {
        while clock.now < deadline {
            if Interruption.isAsked { return false }
            try await clock.sleep(until: min(deadline, clock.now + .milliseconds(50)))
        }
        return !Interruption.isAsked
    }
}
