import NIOCore
import Testing

@testable import SemblanceClient

struct BackoffTests {
    private let backoff = Backoff(first: .milliseconds(20), limit: .milliseconds(1_000))

    @Test(arguments: [(1, 20), (2, 40), (3, 80), (6, 640), (7, 1_000), (8, 1_000), (1_000_000, 1_000)])
    func theDelayDoublesUpToTheLimitWithHalfOfItLeftToChance(failureCount: Int, limitMilliseconds: Int64) {
        var random = SeededGenerator(seed: 9)
        let limit = limitMilliseconds * 1_000_000
        let delays = (0..<500).map { _ in backoff.delay(afterFailures: failureCount, using: &random).nanoseconds }
        #expect(delays.allSatisfy { ((limit / 2)...limit).contains($0) })
        #expect((delays.min() ?? .max) < limit * 6 / 10)
        #expect((delays.max() ?? 0) > limit * 9 / 10)
    }

    @Test func theSameRandomnessGivesTheSameDelays() {
        var one = SeededGenerator(seed: 4)
        var other = SeededGenerator(seed: 4)
        for failureCount in 1...10 {
            #expect(
                backoff.delay(afterFailures: failureCount, using: &one)
                    == backoff.delay(afterFailures: failureCount, using: &other))
        }
    }

    @Test func theLongestTimesDoNotOverflow() {
        var random = SeededGenerator(seed: 4)
        let backoff = Backoff(first: .nanoseconds(.max / 2), limit: .nanoseconds(.max))
        #expect(backoff.delay(afterFailures: 5, using: &random).nanoseconds >= .max / 2)
    }
}
