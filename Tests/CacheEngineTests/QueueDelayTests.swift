import CacheEngine
import CacheModel
import Testing

/// One queue, served at a steady rate by a clock of its own.
@Suite struct QueueDelayTests {
    private static let limit: Int64 = 1_000_000
    private static let service: Int64 = 50_000

    /// Serves one in each `service`, while requests come; nobody is served who was refused.
    private struct Queue {
        var delay = QueueDelay(limitNanoseconds: QueueDelayTests.limit)
        var waiting: [MonotonicTime] = []
        var now = MonotonicTime.now
        var refused = 0
        var longestWait: Int64 = 0

        mutating func come() {
            if delay.admits(at: now, oldest: waiting.first, count: waiting.count) {
                waiting.append(now)
            } else {
                refused += 1
            }
        }

        /// - Returns: whether somebody was served.
        mutating func serve() -> Bool {
            now = now.advanced(byNanoseconds: QueueDelayTests.service)
            guard !waiting.isEmpty else { return false }
            longestWait = max(longestWait, now.nanoseconds(since: waiting.removeFirst()))
            return true
        }
    }

    @Test func aBurstIsTakenWhole() {
        var queue = Queue()
        for _ in 0..<5_000 { queue.come() }
        #expect(queue.refused == 0 && queue.waiting.count == 5_000)
    }

    @Test(arguments: [2, 32, 512, 4_000])
    func clientsThatWaitForTheirAnswersAreNeverRefused(clients: Int) {
        var queue = Queue()
        for _ in 0..<clients { queue.come() }
        for _ in 0..<20_000 where queue.serve() { queue.come() }
        #expect(queue.refused == 0)
    }

    @Test func clientsThatWaitForTheirAnswersAndComeOneAfterTheOtherAreNeverRefused() {
        var queue = Queue()
        // Four come while one is served, until all are there; and then there are 600 who wait.
        for _ in 0..<150 {
            for _ in 0..<4 { queue.come() }
            if queue.serve() { queue.come() }
        }
        for _ in 0..<20_000 where queue.serve() { queue.come() }
        #expect(queue.refused == 0)
    }

    @Test(arguments: [2, 3, 10])
    func atMoreThanCanBeDoneWhatIsTakenWaitsNoLongerThanAFewOthersTake(factor: Int) {
        var queue = Queue()
        // The first moments, until it is clear that this is no burst, and what has piled up by then is done.
        for _ in 0..<10_000 {
            for _ in 0..<factor { queue.come() }
            _ = queue.serve()
        }
        queue.longestWait = 0
        queue.refused = 0
        let rounds = 20_000
        for _ in 0..<rounds {
            for _ in 0..<factor { queue.come() }
            let isServed = queue.serve()
            #expect(isServed, "nobody was left to be served")
        }
        #expect(queue.longestWait <= Int64(QueueDelay.waitingPerThread + 1) * Self.service)
        #expect(abs(queue.refused - rounds * (factor - 1)) <= 100)
    }

    @Test func aQueueThatHasCaughtUpTakesABurstAgain() {
        var queue = Queue()
        for _ in 0..<4_000 {
            for _ in 0..<2 { queue.come() }
            _ = queue.serve()
        }
        #expect(queue.refused > 0)
        // Half of what can be done, for longer than the patience.
        for _ in 0..<2_000 {
            queue.come()
            _ = queue.serve()
            _ = queue.serve()
        }
        queue.refused = 0
        for _ in 0..<1_000 { queue.come() }
        #expect(queue.refused == 0)
    }

    @Test func whoHasWaitedForTooLongIsRefusedOnlyWhileTheQueueIsBehind() {
        var queue = Queue()
        for _ in 0..<5_000 { queue.come() }
        let first = queue.waiting[0]
        let much = first.advanced(byNanoseconds: 100 * Self.limit)
        #expect(!queue.delay.hasWaitedTooLong(first, now: much), "a burst is served to its end")
        queue = Queue()
        for _ in 0..<4_000 {
            for _ in 0..<2 { queue.come() }
            _ = queue.serve()
        }
        #expect(queue.delay.isBehind)
        #expect(queue.delay.hasWaitedTooLong(first, now: much))
        let few = first.advanced(byNanoseconds: QueueDelay.longestWait * Self.limit)
        #expect(!queue.delay.hasWaitedTooLong(first, now: few))
    }

    @Test func withoutALimitEverybodyWaits() {
        var queue = Queue()
        queue.delay = QueueDelay(limitNanoseconds: nil)
        for _ in 0..<10_000 {
            for _ in 0..<2 { queue.come() }
            _ = queue.serve()
        }
        #expect(queue.refused == 0)
    }
}
