import CacheModel
import NIOCore
import Testing

@testable import SemblanceClient

/// The state machine with its randomness, checked after every step.
final class PoolHarness {
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

    func connect(_ connection: Int) -> Actions { state.connected(connection) }
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
    var sent: [UInt64] { sends.map(\.0.number) }
    var finished: [UInt64] { finishes.map(\.0.number) }
    var errors: [CacheError.Code?] { finishes.map { $0.1.error?.code } }
    var isEmpty: Bool {
        sends.isEmpty && finishes.isEmpty && abandons.isEmpty && opens.isEmpty && drains.isEmpty && !isFinished
    }
}
