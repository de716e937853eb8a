import CacheModel
import CacheProtocol
import NIOCore
import Synchronization

/// Performs what `PoolState` decides. What threads share is behind one lock, which is held for no longer than a
/// decision takes.
final class ConnectionPool: ConnectionObserver, Sendable {
    private struct Shared: ~Copyable {
        var state: PoolState<Call>
        /// Those whose socket is there.
        var connections: [Int: Connection] = [:]
        var randomness: any RandomNumberGenerator & Sendable
        var latestHello: HelloReply?
        var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
        var closers: [CheckedContinuation<Void, Never>] = []
        var isFinished = false
    }

    /// `PoolState.Actions` with connections for their numbers, to be performed outside of the lock.
    private struct Work {
        var sends: [(Call, Connection)] = []
        var finishes: [(Call, AttemptOutcome)] = []
        var abandons: [(UInt64, Connection)] = []
        var drains: [Connection] = []
        var opens: [Int] = []
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let shared: Mutex<Shared>
    private let connector: Connector
    private let lastNumber = Atomic<UInt64>(0)

    init(
        _ settings: PoolState<Call>.Settings, connector: Connector,
        randomness: any RandomNumberGenerator & Sendable
    ) {
        self.connector = connector
        shared = Mutex(Shared(state: PoolState(settings), randomness: randomness))
    }

    /// Sends a request once and waits for what becomes of it.
    ///
    /// - Parameter frame: one request with any identifier.
    func perform(_ opcode: Opcode, frame: ByteBuffer, deadline: NIODeadline) async -> AttemptOutcome {
        let number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        let call = Call(number: number, opcode: opcode, frame: frame, deadline: deadline)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.whenFinished { continuation.resume(returning: $0) }
                update { shared, now in shared.state.submit(call, now: now) }
                // The task may have been cancelled before the pool knew of the call.
                if Task.isCancelled { cancel(call) }
            }
        } onCancel: {
            cancel(call)
        }
    }

    private func cancel(_ call: Call) {
        // First the flag: if the call is on its way to a connection just now, that one sees it or is told in time.
        call.cancel()
        update { shared, _ in shared.state.cancel(call.number) }
    }

    /// What the service said last when it was greeted; nil before the first time.
    var latestHello: HelloReply? { shared.withLock { $0.latestHello } }

    /// Nothing new is sent from now on.
    func close() { update { shared, _ in shared.state.close() } }

    /// Returns when the last connection is gone, after `close`.
    func closed() async {
        await withCheckedContinuation { continuation in
            let isFinished = shared.withLock { shared in
                if !shared.isFinished { shared.closers.append(continuation) }
                return shared.isFinished
            }
            if isFinished { continuation.resume() }
        }
    }

    // MARK: What connections tell

    func connected(_ number: Int, _ connection: Connection) {
        update { shared, _ in
            shared.connections[number] = connection
            return shared.state.connected(number)
        }
    }

    func opened(_ number: Int, _ hello: HelloReply) {
        let limits = PoolState<Call>.ConnectionLimits(
            requestsInFlight: hello.limits[.requestsInFlight], bytesInFlight: hello.limits[.bytesInFlight],
            frameBytes: hello.limits[.frameBytes])
        update { shared, now in
            shared.latestHello = hello
            return shared.state.opened(number, limits, now: now)
        }
    }

    func released(_ number: Int, _ requests: [UInt64], frameBytes: Int, areAnswered: Bool) {
        update { shared, now in
            shared.state.released(number, requests, frameBytes: frameBytes, areAnswered: areAnswered, now: now)
        }
    }

    func retired(_ number: Int) { shared.withLock { $0.state.retired(number) } }

    func closed(_ number: Int, _ requests: [UInt64], _ error: CacheError) {
        update { shared, now in
            shared.connections[number] = nil
            return shared.state.closed(number, requests, error, now: now, using: &shared.randomness)
        }
    }

    // MARK: What that comes to

    private func update(_ decide: (inout Shared, NIODeadline) -> PoolState<Call>.Actions) {
        let work = shared.withLock { shared in
            let actions = decide(&shared, .now())
            reschedule(&shared)
            return Self.work(for: actions, &shared)
        }
        for (call, connection) in work.sends { connection.send(call) }
        for (number, connection) in work.abandons { connection.abandon(number) }
        for connection in work.drains { connection.drain() }
        for number in work.opens { connector.connect(number, observer: self) }
        for (call, outcome) in work.finishes { call.finish(outcome) }
        for closer in work.closers { closer.resume() }
    }

    private static func work(for actions: PoolState<Call>.Actions, _ shared: inout Shared) -> Work {
        var work = Work(finishes: actions.finishes, opens: actions.opens)
        // Only a connection that is to be drained may lack its socket; it is drained when that is there.
        work.sends = actions.sends.compactMap { call, number in shared.connections[number].map { (call, $0) } }
        work.abandons = actions.abandons.compactMap { call, number in shared.connections[number].map { (call, $0) } }
        work.drains = actions.drains.compactMap { shared.connections[$0] }
        if actions.isFinished {
            shared.isFinished = true
            shared.timer?.task.cancel()
            swap(&work.closers, &shared.closers)
        }
        return work
    }

    /// Only while requests wait for a connection.
    private func reschedule(_ shared: inout Shared) {
        guard let deadline = shared.state.nextWake, deadline < shared.timer?.deadline ?? .distantFuture else { return }
        shared.timer?.task.cancel()
        let task = connector.group.next().scheduleTask(deadline: deadline) { [weak self] in
            self?.update { shared, now in
                shared.timer = nil
                return shared.state.wake(now: now)
            }
            return
        }
        shared.timer = (deadline, task)
    }
}
