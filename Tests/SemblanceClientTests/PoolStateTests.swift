import CacheModel
import CacheProtocol
import NIOCore
import Testing

@testable import SemblanceClient

struct PoolStateTests {
    private let call = TestCall(number: 1)

    /// A pool with one open connection that has answered nothing yet.
    private func opened(connections: Int = 4, perConnection: Int = 2, waiting: Int = 8) -> PoolHarness {
        let pool = PoolHarness(connections: connections, perConnection: perConnection, waiting: waiting)
        _ = pool.submit(TestCall(number: 1_000))
        _ = pool.open(1)
        _ = pool.release(1, [TestCall(number: 1_000)])
        return pool
    }

    // MARK: Connections are opened when they are needed

    @Test func theFirstRequestOpensTheFirstConnectionAndIsSentOnIt() {
        let pool = PoolHarness()
        #expect(pool.submit(call).opens == [1])
        #expect(pool.submit(TestCall(number: 2)).isEmpty, "one connection is enough for both")
        let actions = pool.open(1)
        #expect(actions.sent == [1, 2])
        #expect(actions.sends.map(\.1) == [1, 1])
    }

    @Test func busyConnectionsGetCompanyUpToTheLimit() {
        let pool = opened(connections: 2)
        #expect(pool.submit(TestCall(number: 1)).opens.isEmpty)
        #expect(pool.submit(TestCall(number: 2)).opens == [2])
        #expect(pool.submit(TestCall(number: 3)).opens.isEmpty, "one at a time")
        #expect(pool.open(2).isEmpty)
        #expect(pool.submit(TestCall(number: 4)).sends.map(\.1) == [2], "the least loaded")
        #expect(pool.submit(TestCall(number: 5)).sends.map(\.1) == [2])
        #expect(pool.submit(TestCall(number: 6)).opens.isEmpty, "never above the limit")
    }

    @Test func manyThatWaitOpenSeveralConnectionsAtOnce() {
        let pool = PoolHarness(connections: 3)
        let opens = (1...8).flatMap { pool.submit(TestCall(number: $0)).opens }
        #expect(opens == [1, 2, 3])
    }

    // MARK: The service's limits

    @Test func noConnectionGetsMoreRequestsThanTheServiceTakes() {
        let pool = opened(connections: 1)
        let calls = (1...5).map { TestCall(number: $0) }
        #expect(calls.flatMap { pool.submit($0).sent } == [1, 2, 3])
        #expect(pool.waitingCount == 2)
        #expect(pool.release(1, [calls[1]]).sent == [4])
        #expect(pool.release(1, [calls[0], calls[2]]).sent == [5])
    }

    @Test func noConnectionGetsMoreBytesThanTheServiceTakesUnlessItIsOneFrame() {
        let pool = PoolHarness(connections: 1)
        let large = TestCall(number: 1, frameBytes: 500)
        _ = pool.submit(large)
        #expect(pool.open(1, requests: 10, bytes: 400).sent == [1])
        let small = TestCall(number: 2, frameBytes: 300)
        #expect(pool.submit(small).sent.isEmpty)
        #expect(pool.submit(TestCall(number: 3, frameBytes: 20)).sent.isEmpty, "first come, first served")
        #expect(pool.release(1, [large]).sent == [2, 3])
    }

    @Test func aFrameAboveTheServicesLimitIsRefusedUnsent() {
        let pool = opened()
        let fits = TestCall(number: 1, frameBytes: 500 + FrameHeader.bytes)
        #expect(pool.submit(fits).sent == [1])
        _ = pool.release(1, [fits])
        let actions = pool.submit(TestCall(number: 2, frameBytes: 501 + FrameHeader.bytes))
        #expect(actions.errors == [.frameTooLarge])
        #expect(actions.finishes.first?.1.mayHaveBeenSent == false)
        #expect(actions.sent.isEmpty)
    }

    @Test func aServiceThatAnnouncesNoRoomGetsOneRequestAtATime() {
        let pool = PoolHarness(connections: 1)
        let calls = (1...2).map { TestCall(number: $0) }
        for call in calls { _ = pool.submit(call) }
        #expect(pool.open(1, requests: 0, bytes: 0).sent == [1])
        #expect(pool.release(1, [calls[0]]).sent == [2])
    }

    // MARK: Waiting

    @Test func whoComesWhenTheLineIsFullIsTurnedAway() {
        let pool = opened(connections: 1, waiting: 2)
        for number in 1...5 as ClosedRange<UInt64> { #expect(pool.submit(TestCall(number: number)).finishes.isEmpty) }
        let actions = pool.submit(TestCall(number: 6))
        #expect(actions.finished == [6])
        #expect(actions.errors == [.overloaded])
        #expect(actions.finishes.first?.1.error?.retryAfterMilliseconds != nil)
        #expect(pool.waitingCount == 2)
    }

    @Test func whoWaitsEndsAtTheDeadline() {
        let pool = opened(connections: 1)
        for number in 1...3 as ClosedRange<UInt64> { _ = pool.submit(TestCall(number: number)) }
        #expect(pool.nextWake == nil)
        _ = pool.submit(TestCall(number: 4, deadline: .at(300)))
        _ = pool.submit(TestCall(number: 5, deadline: .at(100)))
        #expect(pool.nextWake == .at(100))
        #expect(pool.wake(at: 99).isEmpty)
        let actions = pool.wake(at: 100)
        #expect(actions.finished == [5])
        #expect(actions.errors == [.deadlineExceeded])
        #expect(actions.finishes.first?.1.mayHaveBeenSent == false)
        #expect(pool.nextWake == .at(300))
    }

    @Test func whoHasNoTimeLeftDoesNotEvenWait() {
        let actions = PoolHarness().submit(TestCall(number: 1, deadline: .at(10)), at: 10)
        #expect(actions.errors == [.deadlineExceeded])
        #expect(actions.opens.isEmpty)
    }

    // MARK: Cancelling

    @Test func cancellingTakesAWaitingRequestOutOfTheLine() {
        let pool = PoolHarness()
        _ = pool.submit(TestCall(number: 1))
        _ = pool.submit(TestCall(number: 2))
        let actions = pool.cancel(1)
        #expect(actions.finished == [1])
        #expect(actions.finishes.first?.1.isCancelled == true)
        #expect(pool.open(1).sent == [2])
    }

    @Test func cancellingARequestInFlightTellsItsConnectionAndKeepsItsPlace() {
        let pool = opened(connections: 1)
        let calls = (1...4).map { TestCall(number: $0) }
        for call in calls { _ = pool.submit(call) }
        let actions = pool.cancel(2)
        #expect(actions.abandons.map(\.0) == [2])
        #expect(actions.abandons.map(\.1) == [1])
        #expect(actions.sent.isEmpty, "the service still counts it")
        #expect(pool.release(1, [calls[1]]).sent == [4])
        #expect(pool.cancel(2).isEmpty)
    }

    @Test func cancellingWhatIsUnknownOrOverDoesNothing() {
        let pool = opened()
        #expect(pool.cancel(1).isEmpty)
        _ = pool.submit(call)
        _ = pool.release(1, [call])
        #expect(pool.cancel(1).isEmpty)
        _ = pool.submit(TestCall(number: 2))
        _ = pool.close(1, [TestCall(number: 2)])
        #expect(pool.cancel(2).isEmpty)
    }

    // MARK: Failure

    @Test func aFailedConnectionFailsWhoeverWaitsAndIsNotTriedAgainAtOnce() throws {
        let pool = PoolHarness()
        _ = pool.submit(call)
        let actions = pool.close(1, at: 0)
        #expect(actions.errors == [.connectionFailed])
        #expect(actions.finishes.first?.1.mayHaveBeenSent == false)
        let delay = try #require(actions.finishes.first?.1.error?.retryAfterMilliseconds)
        #expect((10...20).contains(delay))
        let refused = pool.submit(TestCall(number: 2), at: 9)
        #expect(refused.errors == [.connectionFailed])
        #expect(refused.opens.isEmpty)
        #expect(pool.submit(TestCall(number: 3), at: 20).opens == [2])
    }

    @Test func theWaitDoublesUpToItsLimitAndStartsAgainAfterAnAnswer() throws {
        let pool = PoolHarness()
        var now = 0
        var connection = 0
        for limit in [20, 40, 80, 100, 100] {
            _ = pool.submit(TestCall(number: UInt64(now + 1), deadline: .at(now + 1_000)), at: now)
            connection += 1
            let delay = try #require(pool.close(connection, at: now).finishes.first?.1.error?.retryAfterMilliseconds)
            #expect((Int64(limit / 2)...Int64(limit)).contains(delay), "after failure \(connection)")
            now += limit
        }
        let call = TestCall(number: 5_000, deadline: .at(100_000))
        _ = pool.submit(call, at: now)
        _ = pool.open(6, at: now)
        _ = pool.release(6, [call], at: now)
        _ = pool.close(6, at: now)
        #expect(pool.submit(TestCall(number: 5_001, deadline: .at(100_000)), at: now).opens == [7])
        let delay = try #require(pool.close(7, at: now).finishes.first?.1.error?.retryAfterMilliseconds)
        #expect((10...20).contains(delay))
    }

    @Test func connectionsThatFailTogetherCountOnceAndOneAloneTriesAgain() {
        let pool = PoolHarness(connections: 3)
        for number in 1...6 as ClosedRange<UInt64> { _ = pool.submit(TestCall(number: number)) }
        #expect(pool.close(1).isEmpty, "others are still connecting")
        #expect(pool.close(2).isEmpty)
        let actions = pool.close(3)
        #expect(actions.finished.sorted() == [1, 2, 3, 4, 5, 6])
        #expect(actions.finishes.allSatisfy { ($0.1.error?.retryAfterMilliseconds ?? .max) <= 20 })
        let opens = (7...12).flatMap { pool.submit(TestCall(number: $0), at: 20).opens }
        #expect(opens == [4])
    }

    @Test func aConnectionThatIsLostLeavesThePoolAndAnotherTakesItsPlace() {
        let pool = opened()
        _ = pool.submit(call)
        #expect(pool.close(1, [call], .connectionClosed).isEmpty, "its requests are finished by the connection")
        #expect(pool.submit(TestCall(number: 2)).opens == [2])
    }

    @Test func aServiceThatGreetsAndHangsUpIsNotCalledAgainAtOnce() {
        let pool = PoolHarness()
        _ = pool.submit(call)
        _ = pool.open(1)
        _ = pool.close(1, [call], .connectionClosed)
        #expect(pool.submit(TestCall(number: 2), at: 1).errors == [.connectionClosed])
    }

    @Test func aRequestThatWasNotSentAfterAllGivesItsPlaceBack() {
        let pool = opened(connections: 1)
        let calls = (1...4).map { TestCall(number: $0) }
        for call in calls { _ = pool.submit(call) }
        #expect(pool.release(1, [calls[0]], answered: false).sent == [4])
        // On its way while the connection was closed: reported afterwards.
        _ = pool.close(1, Array(calls[2...]))
        #expect(pool.release(1, [calls[1]], answered: false).isEmpty)
        #expect(pool.cancel(2).isEmpty)
    }

    @Test func aRetiredConnectionGetsNothingMore() {
        let pool = opened(connections: 2)
        pool.retire(1)
        #expect(pool.submit(call).opens == [2])
        #expect(pool.open(2).sends.map(\.1) == [2])
    }

    // MARK: The end

    @Test func aClosedPoolDrainsItsConnectionsAndTakesNothingMore() {
        let pool = opened(connections: 1)
        let calls = (1...4).map { TestCall(number: $0) }
        for call in calls { _ = pool.submit(call) }
        let actions = pool.close()
        #expect(actions.finished == [4])
        #expect(actions.errors == [.connectionClosed])
        #expect(actions.drains == [1])
        #expect(!actions.isFinished)
        #expect(pool.submit(TestCall(number: 5)).errors == [.connectionClosed])
        #expect(pool.release(1, Array(calls[..<3])).isEmpty)
        #expect(pool.close(1).isFinished)
    }

    @Test func aPoolThatClosesWhileItConnectsDrainsTheConnectionAsSoonAsItsSocketIsThere() {
        let pool = PoolHarness()
        _ = pool.submit(call)
        #expect(pool.close().errors == [.connectionClosed])
        #expect(pool.connect(1).drains == [1])
        #expect(pool.open(1).isEmpty, "its greeting may have been on its way")
        #expect(pool.close(1).isFinished)
        #expect(PoolHarness().close().isFinished, "at once where there is nothing to wait for")
    }
}
