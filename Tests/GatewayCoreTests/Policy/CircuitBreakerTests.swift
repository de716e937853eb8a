import Testing

@testable import GatewayCore

@Suite struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int64) -> ContinuousClock.Instant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    private func settings() -> CircuitBreaker.Settings {
        var settings = CircuitBreaker.Settings()
        (settings.windowCount, settings.leastCount, settings.failurePercent) = (10, 4, 50)
        (settings.openMilliseconds, settings.longestOpenMilliseconds, settings.probeCount) = (100, 350, 2)
        settings.memoryMilliseconds = 10_000
        return settings
    }

    @Test func itOpensWhenEnoughOfTheLastCallsFailedAndNotBefore() {
        var breaker = CircuitBreaker(settings())
        for _ in 0..<3 { breaker.call(false, at(0)) }
        #expect(breaker.state == .closed)
        breaker.call(false, at(0))
        #expect(breaker.state == .open(until: at(100)))

        breaker = CircuitBreaker(settings())
        for index in 0..<200 { breaker.call(index % 5 < 3, at(0)) }
        #expect(breaker.state == .closed)
    }

    @Test func oldFailuresLeaveTheWindow() {
        var breaker = CircuitBreaker(settings())
        for _ in 0..<3 { breaker.call(false, at(0)) }
        for _ in 0..<10 { breaker.call(true, at(0)) }
        for _ in 0..<4 { breaker.call(false, at(0)) }
        #expect(breaker.state == .closed)
        breaker.call(false, at(0))
        #expect(breaker.state == .open(until: at(100)))
    }

    @Test func aLongPauseForgetsWhatWasBefore() {
        var breaker = CircuitBreaker(settings())
        for _ in 0..<3 { breaker.call(false, at(0)) }
        breaker.call(false, at(10_000))
        #expect(breaker.state == .closed)
    }

    @Test func anOpenOneLetsNothingThroughAndSaysForHowLong() {
        var breaker = opened()
        #expect(breaker.permission(at: at(0)) == .refused(retryAfterMilliseconds: 100))
        #expect(breaker.permission(at: at(99)) == .refused(retryAfterMilliseconds: 1))
        #expect(breaker.permission(at: at(100)).isAllowed)
    }

    @Test func allProbesMustSucceedBeforeItCloses() throws {
        var breaker = opened()
        let one = try #require(breaker.permission(at: at(100)).ticket)
        let two = try #require(breaker.permission(at: at(100)).ticket)
        #expect(!breaker.permission(at: at(100)).isAllowed)
        breaker.report(one, succeeded: true, at: at(110))
        #expect(breaker.state == .halfOpen(running: 1, succeeded: 1))
        #expect(!breaker.permission(at: at(110)).isAllowed)
        breaker.report(two, succeeded: true, at: at(120))
        #expect(breaker.state == .closed)
    }

    @Test func eachFailedProbeDoublesTheTimeUpToTheLongest() throws {
        var breaker = opened()
        var now: Int64 = 100
        for expected: Int64 in [200, 350, 350] {
            let ticket = try #require(breaker.permission(at: at(now)).ticket)
            breaker.report(ticket, succeeded: false, at: at(now))
            #expect(breaker.state == .open(until: at(now + expected)))
            now += expected
        }
        for _ in 0..<2 { breaker.call(true, at(now)) }
        #expect(breaker.state == .closed)
        for _ in 0..<4 { breaker.call(false, at(now)) }
        #expect(breaker.state == .open(until: at(now + 100)))
    }

    @Test func aReportFromBeforeAChangeCountsNoMore() throws {
        var breaker = CircuitBreaker(settings())
        let slow = try #require(breaker.permission(at: at(0)).ticket)
        for _ in 0..<4 { breaker.call(false, at(0)) }
        breaker.report(slow, succeeded: true, at: at(50))
        #expect(breaker.state == .open(until: at(100)))
        let probe = try #require(breaker.permission(at: at(100)).ticket)
        breaker.report(slow, succeeded: false, at: at(100))
        #expect(breaker.state == .halfOpen(running: 1, succeeded: 0))
        breaker.abandon(probe)
        #expect(breaker.state == .halfOpen(running: 0, succeeded: 0))
    }

    @Test func probesThatAreNeverReportedDoNotKeepItHalfOpenForEver() {
        var breaker = opened()
        for _ in 0..<2 { #expect(breaker.permission(at: at(100)).isAllowed) }
        #expect(!breaker.permission(at: at(449)).isAllowed)
        #expect(breaker.permission(at: at(450)).isAllowed)
    }

    @Test func settingsOutOfRangeAreMovedIntoIt() {
        var settings = CircuitBreaker.Settings()
        (settings.windowCount, settings.leastCount, settings.failurePercent) = (0, 99, 0)
        (settings.openMilliseconds, settings.longestOpenMilliseconds, settings.probeCount) = (.max, .min, 0)
        var breaker = CircuitBreaker(settings)
        breaker.call(false, at(0))
        #expect(!breaker.permission(at: at(0)).isAllowed)
    }

    @Test func anyOrderOfCallsKeepsItWithinItsRules() throws {
        var generator = SeededGenerator(seed: 3)
        var breaker = CircuitBreaker(settings())
        var tickets: [CircuitBreaker.Ticket] = []
        var now: Int64 = 0
        for _ in 0..<20_000 {
            now += Int64.random(in: 0...40, using: &generator)
            switch Int.random(in: 0...2, using: &generator) {
            case 0:
                let before = breaker.state
                let permission = breaker.permission(at: at(now))
                if case .open(let until) = before { #expect(permission.isAllowed == (at(now) >= until)) }
                if let ticket = permission.ticket { tickets.append(ticket) }
            default:
                guard !tickets.isEmpty else { continue }
                let ticket = tickets.remove(at: .random(in: 0..<tickets.count, using: &generator))
                breaker.report(ticket, succeeded: .random(using: &generator), at: at(now))
            }
            if case .halfOpen(let running, let succeeded) = breaker.state {
                #expect(running >= 0 && succeeded >= 0 && running + succeeded <= 2)
            }
        }
    }

    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker(settings())
        for _ in 0..<4 { breaker.call(false, at(0)) }
        return breaker
    }
}

extension CircuitBreaker {
    fileprivate mutating func call(_ succeeded: Bool, _ now: ContinuousClock.Instant) {
        if let ticket = permission(at: now).ticket { report(ticket, succeeded: succeeded, at: now) }
    }
}

extension CircuitBreaker.Permission {
    fileprivate var ticket: CircuitBreaker.Ticket? {
        if case .allowed(let ticket) = self { ticket } else { nil }
    }

    fileprivate var isAllowed: Bool { ticket != nil }
}
