import CacheModel
import CacheProtocol
import NIOCore

/// The conversation on one connection: HELLO first, then many requests at once, answered in any order.
///
/// Knows no socket and no clock. Every call returns what the channel's handler has to do.
///
/// A request that was cancelled or ran out of time keeps its identifier and its place until its reply has come: the
/// service still counts it, and the late reply must find nobody. Identifiers start at 1, grow by one and are never used
/// again.
struct ConnectionState<Call: OutstandingRequest>: ~Copyable {
    private enum Phase {
        case idle
        case greeting(deadline: NIODeadline)
        case open
        /// Nothing new; closes when nobody waits any more.
        case draining
        case closed
    }

    private struct Pending {
        /// Nil once nobody waits for the reply.
        var call: Call?
        let number: UInt64
        let opcode: Opcode
        let frameBytes: Int
    }

    private static var helloIdentifier: UInt64 { 1 }

    private let silenceLimit: TimeAmount
    private var phase = Phase.idle
    private var pending: [UInt64: Pending] = [:]
    private var lastIdentifier: UInt64 = 1
    /// Requests that somebody waits for.
    private var liveCount = 0
    /// When something came last, or since when a first request waits; nil while nothing is to come.
    private var silentSince: NIODeadline?
    /// No live request ends before this; may be too early, never too late.
    private var earliestDeadline = NIODeadline.distantFuture

    init(silenceLimit: TimeAmount) { self.silenceLimit = silenceLimit }

    /// The socket is connected.
    ///
    /// - Returns: the identifier of the HELLO to be written.
    mutating func start(deadline: NIODeadline) -> UInt64 {
        phase = .greeting(deadline: deadline)
        return Self.helloIdentifier
    }

    // MARK: Requests

    enum SendAction {
        case write(identifier: UInt64)
        /// Nothing of it was or will be sent.
        case refuse(AttemptOutcome)
    }

    mutating func send(_ call: Call, now: NIODeadline) -> SendAction {
        guard case .open = phase else {
            let error = CacheError(.connectionClosed, "the connection was closed before the request was sent")
            return .refuse(.failed(error, mayHaveBeenSent: false))
        }
        if call.isCancelled { return .refuse(.cancelled) }
        guard call.deadline > now else {
            let error = CacheError.deadlineExceeded("the request's time was over before it could be sent")
            return .refuse(.failed(error, mayHaveBeenSent: false))
        }
        lastIdentifier += 1
        pending[lastIdentifier] = Pending(
            call: call, number: call.number, opcode: call.opcode, frameBytes: call.frameBytes)
        liveCount += 1
        earliestDeadline = min(earliestDeadline, call.deadline)
        if silentSince == nil { silentSince = now }
        return .write(identifier: lastIdentifier)
    }

    /// Nobody waits for this request any more.
    ///
    /// - Returns: the call to be finished as cancelled; nil when it is not, or no more, waited for.
    mutating func abandon(_ number: UInt64) -> Call? {
        for (identifier, entry) in pending where entry.number == number {
            guard let call = entry.call else { return nil }
            forgetCaller(of: identifier)
            return call
        }
        return nil
    }

    private mutating func forgetCaller(of identifier: UInt64) {
        pending[identifier]?.call = nil
        liveCount -= 1
    }

    // MARK: Replies

    enum ReceiveAction {
        case opened(HelloReply)
        /// The call is nil for a reply that comes too late: only its place is free again.
        case finish(Call?, Reply, number: UInt64, frameBytes: Int)
        /// `close` is to be called with this error, then the socket is to be closed.
        case close(CacheError)
        case nothing
    }

    /// Bytes arrived, a whole frame or not.
    mutating func receivedBytes(now: NIODeadline) {
        if silentSince != nil { silentSince = now }
    }

    mutating func received(_ reply: Reply, identifier: UInt64) -> ReceiveAction {
        switch phase {
        case .idle, .closed: return .nothing
        case .greeting:
            switch reply {
            case .hello(let hello) where identifier == Self.helloIdentifier:
                guard hello.protocolVersion == FrameHeader.version else {
                    return .close(Self.violation("the service chose a version of the protocol that was not offered"))
                }
                phase = .open
                return .opened(hello)
            case .failure(let error, .hello) where identifier == Self.helloIdentifier: return .close(error)
            case .failure(let error, .connection): return .close(error)
            default: return .close(Self.violation("the first reply does not answer HELLO"))
            }
        case .open, .draining: return receivedAnswer(reply, identifier)
        }
    }

    private mutating func receivedAnswer(_ reply: Reply, _ identifier: UInt64) -> ReceiveAction {
        let entry = pending[identifier]
        if case .failure(let error, .connection) = reply, entry == nil { return .close(.connectionLost(by: error)) }
        guard let entry else { return .close(Self.violation("a reply answers no request of this connection")) }
        guard entry.opcode == reply.opcode || reply.opcode == .connection else {
            return .close(Self.violation("a reply is of another kind than its request"))
        }
        pending[identifier] = nil
        if entry.call != nil { liveCount -= 1 }
        if pending.isEmpty { silentSince = nil }
        return .finish(entry.call, reply, number: entry.number, frameBytes: entry.frameBytes)
    }

    /// What an answer means for the connection that it came on.
    enum Consequence: Hashable {
        case none
        /// The service is about to stop: nothing more should be sent to it here.
        case retire
        /// The service reads nothing more.
        case close(CacheError)
    }

    static func consequence(of reply: Reply) -> Consequence {
        guard case .failure(let error, let opcode) = reply else { return .none }
        if error.closesConnection || opcode == .connection { return .close(.connectionLost(by: error)) }
        return error.code == .shuttingDown ? .retire : .none
    }

    private static func violation(_ message: String) -> CacheError { CacheError(.malformedFrame, message) }

    // MARK: Time

    /// When `wake` is to be called next, at the latest; nil for not at all.
    var nextWake: NIODeadline? {
        switch phase {
        case .idle, .closed: return nil
        case .greeting(let deadline): return deadline
        case .open, .draining:
            guard let silentSince else { return nil }
            return min(silentSince + silenceLimit, liveCount == 0 ? .distantFuture : earliestDeadline)
        }
    }

    struct WakeAction {
        /// To be finished with `.deadlineExceeded`; they may have been sent.
        var expired: [Call] = []
        /// `close` is to be called with this error, then the socket is to be closed.
        var closing: CacheError?
    }

    mutating func wake(now: NIODeadline) -> WakeAction {
        var action = WakeAction()
        switch phase {
        case .idle, .closed: break
        case .greeting(let deadline):
            if deadline <= now {
                action.closing = CacheError(.connectionFailed, "the service did not answer HELLO in time")
            }
        case .open, .draining:
            if earliestDeadline <= now { action.expired = expire(now: now) }
            if let silentSince, silentSince + silenceLimit <= now {
                action.closing = CacheError(.connectionClosed, "the service has fallen silent")
            }
        }
        return action
    }

    private mutating func expire(now: NIODeadline) -> [Call] {
        var expired: [Call] = []
        earliestDeadline = .distantFuture
        for (identifier, entry) in pending {
            guard let call = entry.call else { continue }
            if call.deadline <= now {
                expired.append(call)
                forgetCaller(of: identifier)
            } else {
                earliestDeadline = min(earliestDeadline, call.deadline)
            }
        }
        return expired
    }

    // MARK: The end

    /// No request is sent from now on; `isDrained` tells when to close.
    mutating func drain() {
        if case .closed = phase { return }
        phase = .draining
    }

    /// Whether the connection can be closed with no harm to anyone.
    var isDrained: Bool {
        if case .draining = phase { liveCount == 0 } else { false }
    }

    struct Ending {
        /// To be finished with the error; they may have been sent.
        var calls: [Call] = []
        /// The numbers of all requests that had a place, those without a caller included.
        var numbers: [UInt64] = []
    }

    /// The connection is over, whoever ended it.
    ///
    /// - Returns: nil when it was over already.
    mutating func close() -> Ending? {
        if case .closed = phase { return nil }
        phase = .closed
        let ending = Ending(calls: pending.values.compactMap(\.call), numbers: pending.values.map(\.number))
        pending = [:]
        liveCount = 0
        silentSince = nil
        return ending
    }

    // MARK: For tests

    /// Requests that have a place, and those of them that somebody waits for.
    var counts: (pending: Int, live: Int) { (pending.count, liveCount) }

    /// True as long as this type keeps its own rules.
    var holdsInvariants: Bool {
        let live = pending.values.compactMap(\.call)
        return live.count == liveCount && pending.keys.allSatisfy { (2...max(2, lastIdentifier)).contains($0) }
            && (silentSince != nil) == !pending.isEmpty && live.allSatisfy { $0.deadline >= earliestDeadline }
    }
}
