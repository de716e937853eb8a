import Testing

@testable import GatewayCore

@Suite struct RetryBudgetTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int64) -> ContinuousClock.Instant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    private func budget(_ percent: Int, _ leastPerSecond: Int, _ capacity: Int) -> RetryBudget {
        var settings = RetryBudget.Settings()
        (settings.percent, settings.leastPerSecond, settings.capacity) = (percent, leastPerSecond, capacity)
        return RetryBudget(settings, at: start)
    }

    @Test func retriesAreAShareOfTheCalls() {
        var budget = budget(10, 0, 1_000)
        var retries = 0
        for _ in 0..<1_000 {
            budget.recordCall(at: at(0))
            // Everything fails, and each call would be tried again twice.
            for _ in 0..<2 where budget.takeRetry(at: at(0)) { retries += 1 }
        }
        #expect(retries == 100)
    }

    @Test func aQuietGatewayMayRetryAllTheSame() {
        var budget = budget(0, 2, 10)
        #expect(budget.available == 2)
        for _ in 0..<2 { let isTaken = budget.takeRetry(at: at(0)); #expect(isTaken) }
        var isTaken = budget.takeRetry(at: at(499))
        #expect(!isTaken)
        isTaken = budget.takeRetry(at: at(500))
        #expect(isTaken)
    }

    @Test func nothingIsSavedUpBeyondTheCapacity() {
        var budget = budget(100, 10_000, 3)
        for _ in 0..<50 { budget.recordCall(at: at(0)) }
        _ = budget.takeRetry(at: at(.max / 2_000_000))
        #expect(budget.available == 2)
    }

    @Test func partsOfAMillisecondAreNotLost() {
        var budget = budget(0, 1, 1)
        var isTaken = budget.takeRetry(at: start)
        #expect(isTaken)
        var taken = 0
        for step in 1...4_000 {
            isTaken = budget.takeRetry(at: start.advanced(by: .microseconds(step * 900)))
            if isTaken { taken += 1 }
        }
        #expect(taken == 3)
    }

    @Test func aClockThatGoesBackGivesNothing() {
        var budget = budget(0, 1_000, 5)
        for _ in 0..<5 { _ = budget.takeRetry(at: at(0)) }
        let isTaken = budget.takeRetry(at: at(-1_000))
        #expect(!isTaken)
    }
}
