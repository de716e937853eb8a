import Testing

@testable import GatewayCore

@Suite struct RetryRuleTests {
    private static let rule = RetryRule(attemptLimit: 4, firstDelayMilliseconds: 100, longestDelayMilliseconds: 300)

    @Test func waitsDoubleUpToTheLongestAndAreDrawnFromTheWholeRange() {
        for (attempt, ceiling) in [(1, 100), (2, 200), (3, 300)] {
            for (jitter, expected) in [(0, 0), (0.5, ceiling / 2), (1, ceiling), (-1, 0), (.nan, ceiling)]
                as [(Double, Int)]
            {
                #expect(
                    Self.rule.delayMilliseconds(
                        after: .unreachable, attempt: attempt, hasStreamed: false, jitter: jitter)
                        == Int64(expected))
            }
        }
        let endless = RetryRule(attemptLimit: .max, firstDelayMilliseconds: .max, longestDelayMilliseconds: 7)
        #expect(endless.delayMilliseconds(after: .unreachable, attempt: .max - 1, hasStreamed: false, jitter: 1) == 7)
    }

    @Test func afterTheFirstTokenThereIsNoSecondAnswer() {
        #expect(Self.rule.delayMilliseconds(after: .brokenOff, attempt: 1, hasStreamed: true, jitter: 0) == nil)
    }

    @Test func attemptsAreCounted() {
        for (attempt, isTried) in [(0, false), (1, true), (3, true), (4, false), (-1, false)] {
            let delay = Self.rule.delayMilliseconds(
                after: .status(503), attempt: attempt, hasStreamed: false, jitter: 0)
            #expect((delay != nil) == isTried)
        }
    }

    @Test(arguments: [
        (200, false), (400, false), (401, false), (404, false), (408, true), (429, true), (500, true), (501, false),
        (503, true), (529, true),
    ])
    func onlyWhatMayPassIsTriedAgain(_ status: Int, _ isTried: Bool) {
        let delay = Self.rule.delayMilliseconds(after: .status(status), attempt: 1, hasStreamed: false, jitter: 0)
        #expect((delay != nil) == isTried)
        #expect(Self.rule.delayMilliseconds(after: .timeout, attempt: 1, hasStreamed: false, jitter: 0) == nil)
    }

    @Test func theUpstreamsWishIsKeptOrTheRetryIsGivenUp() {
        func delay(_ wish: Int64, _ remaining: Int64? = nil) -> Int64? {
            Self.rule.delayMilliseconds(
                after: .status(429), attempt: 1, hasStreamed: false, retryAfterMilliseconds: wish,
                remainingMilliseconds: remaining, jitter: 1)
        }
        #expect(delay(250) == 250 && delay(50) == 100 && delay(301) == nil && delay(.max) == nil)
        #expect(delay(250, 251) == 250 && delay(250, 250) == nil && delay(0, -5) == nil)
    }

    @Test func aRetryAfterIsReadInSecondsAndNeverOverflows() {
        #expect(RetryRule.milliseconds(retryAfter: " 2 ") == 2_000)
        #expect(RetryRule.milliseconds(retryAfter: "9223372036854775807") == Int64(2_147_483_648_000))
        for text in ["", "-1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999"] {
            #expect(RetryRule.milliseconds(retryAfter: text) == nil)
        }
    }

    @Test func aClientsMistakeIsNotHeldAgainstTheUpstream() {
        for failure in [UpstreamFailure.status(400), .status(401), .status(429), .status(501)] {
            #expect(!failure.countsForBreaker)
        }
        for failure in [UpstreamFailure.unreachable, .timeout, .brokenOff, .status(500), .status(529)] {
            #expect(failure.countsForBreaker)
            #expect([502, 504].contains(failure.error.code.status))
        }
    }
}
