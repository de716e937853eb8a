import CacheModel
import CacheProtocol
import NIOCore
import Testing

@testable import SemblanceClient

/// The state machine with its randomness, checked after every step.
private final class Pool {
    typealias Actions = PoolState<TestCall>.Actions

    private var state: PoolState<TestCall>
    private var random: SeededGenerator

    init(connections: Int = 4, perConnection: Int = 2, waiting: Int = 8, seed: UInt64 = 1) {
        state = PoolState(
            PoolState.Settings(
                connectionLimit: connections, requestsPerConnection: perConnection, waitingRequestLimit: waiting,
                backoff: Backoff(first: .milliseconds(20), limit: .milliseconds(100))))
        random = SeededGenerator(seed: seed)
    }

    private func checked(_ actions: Actions, _ location: SourceLocation) -> Actions {
        let holds = state.holdsInvariants
        #expect(holds, sourceLocation: location)
        return actions
    }

    func submit(_ call: TestCall, at now: Int = 0, _ location: SourceLocation = #_sourceLocation) -> Actions {
        checked(state.submit(call, now: .at(now)), location)
    }

    func cancel(_ number: UInt64, _ location: SourceLocation = #_sourceLocation) -> Actions {
        checked(state.cancel(number), location)
    }

    func release(
        _ connection: Int, _ calls: [TestCall], answered: Bool = true, at now: Int = 0,
        _ location: SourceLocation = #_sourceLocation
    ) -> Actions {
        checked(
            state.released(
                connection, calls.map(\.number), frameBytes: calls.reduce(0) { $0 + $1.frameBytes },
                areAnswered: answered, now: .at(now)), location)
    }

    func open(
        _ connection: Int, requests: Int = 3, bytes: Int = 1_000, frame: Int = 500, at now: Int = 0,
        _ location: SourceLocation = #_sourceLocation
    ) -> Actions {
        let limits = PoolState<TestCall>.ConnectionLimits(
            requestsInFlight: requests, bytesInFlight: bytes, frameBytes: frame)
        return checked(state.opened(connection, limits, now: .at(now)), location)
    }

    func retire(_ connection: Int) { state.retired(connection) }

    func close(
        _ connection: Int, _ calls: [TestCall] = [], _ code: CacheError.Code = .connectionFailed, at now: Int = 0,
        _ location: SourceLocation = #_sourceLocation
    ) -> Actions {
        let error = CacheError(code, "test")
        return checked(
            state.closed(connection, calls.map(\.number), error, now: .at(now), using: &random), location)
    }

    func wake(at now: Int, _ location: SourceLocation = #_sourceLocation) -> Actions {
        checked(state.wake(now: .at(now)), location)
    }

    func close() -> Actions { state.close() }
    var nextWake: NIODeadline? { state.nextWake }
    var waitingCount: Int { state.counts.waiting }
}

extension PoolState.Actions where Call == TestCall {
    fileprivate var sent: [UInt64] { sends.map(\.0.number) }
    fileprivate var finished: [UInt64] { finishes.map(\.0.number) }
    fileprivate var errors: [CacheError.Code?] { finishes.map { $0.1.error?.code } }
    fileprivate var isEmpty: Bool {
        sends.isEmpty && finishes.isEmpty && abandons.isEmpty && opens.isEmpty && drains.isEmpty && !isFinished
    }
}

struct PoolStateTests {
    private let call = TestCall(number: 1)

    /// A pool with one open connection that has answered nothing yet.
    private func opened(connections: Int = 4, perConnection: Int = 2, waiting: Int = 8) -> Pool {
        let pool = Pool(connections: connections, perConnection: perConnection, waiting: waiting)
        _ = pool.submit(TestCall(number: 1_000))
        _ = pool.open(1)
        _ = pool.release(1, [TestCall(number: 1_000)])
        return pool
    }

    // MARK: Connections are opened when they are needed

    @Test func theFirstRequestOpensTheFirstConnectionAndIsSentOnIt() {
        let pool = Pool()
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
        let pool = Pool(connections: 3)
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
        let pool = Pool(connections: 1)
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
        let pool = Pool(connections: 1)
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
        let actions = Pool().submit(TestCall(number: 1, deadline: .at(10)), at: 10)
        #expect(actions.errors == [.deadlineExceeded])
        #expect(actions.opens.isEmpty)
    }

    // MARK: Cancelling

    @Test func cancellingTakesAWaitingRequestOutOfTheLine() {
        let pool = Pool()
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
        let pool = Pool()
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
        let pool = Pool()
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
        let pool = Pool(connections: 3)
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
        let pool = Pool()
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

    @Test func aPoolThatClosesWhileItConnectsDrainsTheConnectionWhenItIsThere() {
        let pool = Pool()
        _ = pool.submit(call)
        #expect(pool.close().errors == [.connectionClosed])
        let actions = pool.open(1)
        #expect(actions.drains == [1])
        #expect(actions.sent.isEmpty)
        #expect(pool.close(1).isFinished)
        #expect(Pool().close().isFinished, "at once where there is nothing to wait for")
    }

    // MARK: Everything at once

    /// Random steps: every request is finished without being sent, or sent once on an open connection with room for it.
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func everyRequestGoesExactlyOneWay(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pool = Pool(seed: seed)
        var now = 0
        var undecided: [UInt64: TestCall] = [:]
        var inFlight: [Int: [TestCall]] = [:]
        var connecting: Set<Int> = []

        func perform(_ actions: Pool.Actions) {
            for (call, connection) in actions.sends {
                #expect(undecided.removeValue(forKey: call.number) != nil)
                inFlight[connection]?.append(call)
                let calls = inFlight[connection] ?? []
                #expect(calls.contains(call) && calls.count <= 3)
                #expect(calls.count == 1 || calls.reduce(0) { $0 + $1.frameBytes } <= 1_000)
            }
            for (call, _) in actions.finishes { #expect(undecided.removeValue(forKey: call.number) != nil) }
            for (number, connection) in actions.abandons {
                #expect(inFlight[connection]?.contains { $0.number == number } == true)
            }
            connecting.formUnion(actions.opens)
            #expect(connecting.count + inFlight.count <= 4)
        }

        for number in 1...600 as ClosedRange<UInt64> {
            now += Int.random(in: 0...4, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<5:
                let call = TestCall(
                    number: number, frameBytes: Int.random(in: 20...600, using: &random),
                    deadline: .at(now + Int.random(in: 0...80, using: &random)))
                undecided[number] = call
                perform(pool.submit(call, at: now))
            case 5, 6:
                guard let (connection, calls) = inFlight.randomElement(using: &random), !calls.isEmpty else { continue }
                let count = Int.random(in: 1...calls.count, using: &random)
                inFlight[connection] = Array(calls[count...])
                perform(pool.release(connection, Array(calls[..<count]), at: now))
            case 7, 8:
                guard let connection = connecting.randomElement(using: &random) else { continue }
                connecting.remove(connection)
                if Bool.random(using: &random) {
                    inFlight[connection] = []
                    perform(pool.open(connection, at: now))
                } else {
                    perform(pool.close(connection, at: now))
                }
            case 9:
                perform(pool.cancel(UInt64.random(in: 1...number, using: &random)))
            case 10 where Int.random(in: 0..<4, using: &random) == 0:
                guard let (connection, calls) = inFlight.randomElement(using: &random) else { continue }
                inFlight[connection] = nil
                perform(pool.close(connection, calls, .connectionClosed, at: now))
            default:
                perform(pool.wake(at: now))
                #expect(undecided.values.allSatisfy { $0.deadline > .at(now) })
            }
            #expect(undecided.count == pool.waitingCount)
        }
        perform(pool.close())
        #expect(undecided.isEmpty)
    }
}
