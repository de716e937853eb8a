import CacheModel
import GatewayCore
import NIOCore
import Synchronization

/// One upstream call and everybody who listens to it: who comes late hears it from the beginning.
///
/// The call goes on while anybody listens, and is cancelled when the last one leaves. Pieces are kept until the flight
/// has `retainedBytes` of them; from then on nobody can join, and what all have heard is forgotten.
final class AnswerFlight: Sendable {
    struct Head: Sendable {
        var status: Int
        var fields: [HeaderField]
        var isEventStream: Bool
        /// Known at once where nothing will be stored whatever the answer is.
        var stored: Disclosure.Stored?
    }

    struct Ending: Sendable {
        /// Whether the answer is stored now.
        var stored: Disclosure.Stored?
        /// Why there is no more of it; nil when the upstream ended it.
        var error: GatewayError?
        /// Whether the last bytes are half of an event.
        var isInsideEvent = false
    }

    enum Piece: Sendable {
        case bytes(ByteBuffer)
        case end(Ending)
    }

    /// How far ahead of the fastest listener the upstream is read.
    static let windowBytes = 256 << 10
    /// Beyond this the slowest listener holds up the upstream.
    static let retainedBytes = 4 << 20

    private struct Listener {
        /// Index of the piece that is heard next.
        var position = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private struct State {
        var head: Head?
        var pieces: [ByteBuffer] = []
        /// Index of `pieces[0]`: so many are forgotten.
        var firstIndex = 0
        var bytes = 0
        var ending: Ending?
        var listeners: [UInt64: Listener] = [:]
        var nextListener: UInt64 = 1
        /// The upstream's side, waiting for listeners.
        var producer: CheckedContinuation<Void, Never>?
        var task: Task<Void, Never>?
        var isAbandoned = false
        /// Whether the upstream has said everything, so that there is nothing left to give up.
        var isComplete = false
        /// Whether all of it is among the pieces, and only the storing is left.
        var isPassedOn = false

        var endIndex: Int { firstIndex + pieces.count }
        var isJoinable: Bool { firstIndex == 0 && bytes <= AnswerFlight.retainedBytes && !isAbandoned }
    }

    private let state = Mutex(State())

    // MARK: The upstream's side

    /// Runs the call. Done once, after the first listener has come.
    func start(_ operation: @escaping @Sendable (AnswerFlight) async -> Void) {
        let task = Task { await operation(self) }
        let isAbandoned = state.withLock { state in
            state.task = task
            return state.isAbandoned
        }
        if isAbandoned { task.cancel() }
    }

    func begin(_ head: Head) {
        notify { $0.head = head }
    }

    /// Hands over a piece; waits while nobody keeps up.
    func append(_ bytes: ByteBuffer) async {
        guard bytes.readableBytes > 0 else { return }
        notify { state in
            state.pieces.append(bytes)
            state.bytes += bytes.readableBytes
        }
        while state.withLock({ Self.mustWait(&$0) }) {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let goesOn = state.withLock { state in
                        guard Self.mustWait(&state), !Task.isCancelled else { return true }
                        state.producer = continuation
                        return false
                    }
                    if goesOn { continuation.resume() }
                }
            } onCancel: {
                wakeProducer()
            }
            if Task.isCancelled { return }
        }
    }

    /// The answer is whole: whoever leaves now gives up nothing.
    ///
    /// - Returns: false when all have left already.
    func complete() -> Bool {
        state.withLock { state in
            state.isComplete = true
            return !state.isAbandoned
        }
    }

    /// Every piece has been handed over. Who does not wait for the storing has heard all of it.
    func passOn() {
        notify { $0.isPassedOn = true }
    }

    func end(_ ending: Ending) {
        notify { $0.ending = ending }
    }

    /// Makes a change that listeners wait for.
    private func notify(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            var waiters: [CheckedContinuation<Void, Never>] = []
            for (identifier, listener) in state.listeners {
                guard let waiter = listener.waiter else { continue }
                waiters.append(waiter)
                state.listeners[identifier]?.waiter = nil
            }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private static func mustWait(_ state: inout State) -> Bool {
        guard !state.listeners.isEmpty else { return false }
        if !state.isJoinable, let slowest = state.listeners.values.map(\.position).min(), slowest > state.firstIndex {
            let count = slowest - state.firstIndex
            state.bytes -= state.pieces[..<count].reduce(0) { $0 + $1.readableBytes }
            state.pieces.removeFirst(count)
            state.firstIndex = slowest
        }
        if state.bytes > retainedBytes { return true }
        let fastest = state.listeners.values.map(\.position).max() ?? 0
        return state.pieces[(fastest - state.firstIndex)...].reduce(0) { $0 + $1.readableBytes } > windowBytes
    }

    private func wakeProducer() {
        let producer = state.withLock { state in
            defer { state.producer = nil }
            return state.producer
        }
        producer?.resume()
    }

    // MARK: The listeners' side

    /// - Returns: nil when it is too late to hear all of it.
    func listen() -> FlightListener? {
        state.withLock { state in state.isJoinable ? addListener(&state) : nil }
    }

    /// For whoever has made the flight and has shown it to nobody yet.
    func firstListener() -> FlightListener { state.withLock { addListener(&$0) } }

    private func addListener(_ state: inout State) -> FlightListener {
        let identifier = state.nextListener
        state.nextListener += 1
        state.listeners[identifier] = Listener()
        return FlightListener(flight: self, identifier: identifier)
    }

    func leave(_ identifier: UInt64) {
        let (waiter, task) = state.withLock { state in
            let waiter = state.listeners.removeValue(forKey: identifier)?.waiter
            guard state.listeners.isEmpty, !state.isComplete, state.ending == nil, !state.isAbandoned else {
                return (waiter, Task<Void, Never>?.none)
            }
            state.isAbandoned = true
            return (waiter, state.task)
        }
        waiter?.resume()
        task?.cancel()
        wakeProducer()
    }

    /// - Throws: `CancellationError` for a listener who has left, or whose task is cancelled.
    func head(for identifier: UInt64) async throws -> Head {
        while true {
            let (head, ending) = try state.withLock { state in
                guard state.listeners[identifier] != nil else { throw CancellationError() }
                return (state.head, state.ending)
            }
            if let head { return head }
            if let ending { throw ending.error ?? GatewayError(.internalError, "The upstream call has no answer.") }
            await news(for: identifier) { $0.head != nil || $0.ending != nil }
        }
    }

    /// - Parameter waitsForStoring: otherwise the answer of a flight that is being stored ends as `pending`.
    /// - Throws: as `head(for:)`.
    func next(for identifier: UInt64, waitsForStoring: Bool) async throws -> Piece {
        while true {
            let piece: Piece? = try state.withLock { state in
                guard let position = state.listeners[identifier]?.position else { throw CancellationError() }
                if position < state.endIndex {
                    state.listeners[identifier]?.position = position + 1
                    return .bytes(state.pieces[position - state.firstIndex])
                }
                if state.isPassedOn, !waitsForStoring { return .end(Ending(stored: .pending)) }
                return state.ending.map { .end($0) }
            }
            if let piece {
                wakeProducer()
                return piece
            }
            await news(for: identifier) { state in
                state.ending != nil || state.isPassedOn && !waitsForStoring
                    || (state.listeners[identifier]?.position ?? 0) < state.endIndex
            }
        }
    }

    private func news(for identifier: UInt64, _ isThere: @Sendable (State) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard state.listeners[identifier] != nil, !isThere(state), !Task.isCancelled else { return true }
                    state.listeners[identifier]?.waiter = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            leave(identifier)
        }
        if Task.isCancelled { leave(identifier) }
    }
}

/// Somebody who waits for the answer of a flight. Leave it when nobody reads any more.
struct FlightListener: Sendable {
    fileprivate let flight: AnswerFlight
    fileprivate let identifier: UInt64

    func head() async throws -> AnswerFlight.Head { try await flight.head(for: identifier) }

    func next(waitsForStoring: Bool = true) async throws -> AnswerFlight.Piece {
        try await flight.next(for: identifier, waitsForStoring: waitsForStoring)
    }

    func leave() { flight.leave(identifier) }
}
