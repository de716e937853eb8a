import CacheModel
import CacheProtocol
import NIOCore

/// Which connections there are, which of them gets a request, and who waits.
///
/// Knows no socket, no clock and no lock. Every call returns what is to be done.
struct PoolState<Call: OutstandingRequest>: ~Copyable {
    struct Settings {
        var connectionLimit: Int
        /// With as many requests in flight on every connection, another one is opened.
        var requestsPerConnection: Int
        var waitingRequestLimit: Int
        var backoff: Backoff
    }

    /// What the service said it takes from one connection.
    struct ConnectionLimits: Hashable {
        var requestsInFlight: Int
        var bytesInFlight: Int
        /// Of a frame's body.
        var frameBytes: Int
    }

    struct Actions {
        /// The second number is a connection's.
        var sends: [(Call, Int)] = []
        var finishes: [(Call, AttemptOutcome)] = []
        /// Request, connection.
        var abandons: [(UInt64, Int)] = []
        /// Connections to be opened under these numbers.
        var opens: [Int] = []
        var drains: [Int] = []
        /// The pool is closed and its last connection gone.
        var isFinished = false
    }

    private struct Slot {
        /// Nil while it is connecting.
        var limits: ConnectionLimits?
        var requestCount = 0
        var frameBytes = 0
        /// Whether it has answered a request yet: only then is the service thought to be well.
        var hasAnswered = false
        /// Whether it is to get nothing more.
        var isRetired = false

        func hasRoom(for call: Call) -> Bool {
            guard let limits, !isRetired else { return false }
            // The service lets one frame in whatever its size; what is larger than any frame may be is refused before.
            return requestCount < max(1, limits.requestsInFlight)
                && (frameBytes == 0 || call.frameBytes <= limits.bytesInFlight - frameBytes)
        }
    }

    private let settings: Settings
    private var slots: [Int: Slot] = [:]
    private var lastConnection = 0
    private var assigned: [UInt64: Int] = [:]
    private var waiting = WaitingLine<Call>()
    private var failureCount = 0
    private var reconnectAt: NIODeadline?
    private var lastFailure: CacheError?
    private var isClosing = false

    init(_ settings: Settings) { self.settings = settings }

    // MARK: Requests

    mutating func submit(_ call: Call, now: NIODeadline) -> Actions {
        var actions = Actions()
        if let outcome = refusal(of: call, now: now) {
            actions.finishes.append((call, outcome))
            return actions
        }
        if waiting.isEmpty, let connection = leastLoaded(for: call) {
            assign(call, to: connection, &actions)
            grow(now: now, &actions)
            return actions
        }
        waiting.append(call)
        serve(now: now, &actions)
        if waiting.count > settings.waitingRequestLimit, let call = waiting.remove(call.number) {
            let isConnecting = slots.values.allSatisfy { $0.limits == nil }
            let error = CacheError(
                .overloaded,
                isConnecting ? "too many requests wait for a connection" : "every connection is full",
                detail: [CacheError.retryAfterName: "10"])
            actions.finishes.append((call, .failed(error, mayHaveBeenSent: false)))
        }
        return actions
    }

    private func refusal(of call: Call, now: NIODeadline) -> AttemptOutcome? {
        if isClosing { return .failed(.clientClosed, mayHaveBeenSent: false) }
        guard call.deadline > now else {
            return .failed(.deadlineExceeded("the request's time was over before it began"), mayHaveBeenSent: false)
        }
        // While the service cannot be reached, an app is better off without its cache than waiting for it.
        if slots.isEmpty, let reconnectAt, now < reconnectAt, let lastFailure {
            return .failed(lastFailure.retry(after: reconnectAt - now), mayHaveBeenSent: false)
        }
        return nil
    }

    /// The task that made the request does not want the reply any more.
    mutating func cancel(_ number: UInt64) -> Actions {
        var actions = Actions()
        if let call = waiting.remove(number) {
            actions.finishes.append((call, .cancelled))
        } else if let connection = assigned[number] {
            actions.abandons.append((number, connection))
        }
        return actions
    }

    /// The places of these requests of a connection are free: they are answered, or were not sent after all.
    mutating func released(
        _ connection: Int, _ requests: [UInt64], frameBytes: Int, areAnswered: Bool, now: NIODeadline
    ) -> Actions {
        for number in requests { assigned[number] = nil }
        var actions = Actions()
        guard var slot = slots[connection] else { return actions }
        slot.requestCount -= requests.count
        slot.frameBytes -= frameBytes
        if areAnswered, !slot.hasAnswered {
            slot.hasAnswered = true
            failureCount = 0
            reconnectAt = nil
        }
        slots[connection] = slot
        serve(now: now, &actions)
        return actions
    }

    /// Gives waiting requests to connections with room, and opens connections where that is not enough.
    private mutating func serve(now: NIODeadline, _ actions: inout Actions) {
        while let call = waiting.first, let connection = leastLoaded(for: call) {
            _ = waiting.remove(call.number)
            assign(call, to: connection, &actions)
        }
        grow(now: now, &actions)
    }

    private mutating func assign(_ call: Call, to connection: Int, _ actions: inout Actions) {
        if let limits = slots[connection]?.limits, call.frameBytes - FrameHeader.bytes > limits.frameBytes {
            actions.finishes.append((call, .failed(.tooLarge(call, limits.frameBytes), mayHaveBeenSent: false)))
            return
        }
        slots[connection]?.requestCount += 1
        slots[connection]?.frameBytes += call.frameBytes
        assigned[call.number] = connection
        actions.sends.append((call, connection))
    }

    private func leastLoaded(for call: Call) -> Int? {
        var best: (connection: Int, requestCount: Int)?
        for (connection, slot) in slots where slot.hasRoom(for: call) {
            if slot.requestCount < best?.requestCount ?? .max { best = (connection, slot.requestCount) }
        }
        return best?.connection
    }

    // MARK: Connections

    private mutating func grow(now: NIODeadline, _ actions: inout Actions) {
        if let reconnectAt, now < reconnectAt { return }
        var connectingCount = slots.values.count { $0.limits == nil }
        // Busy connections ask for one more at a time; requests that wait, for as many as would be busy with them.
        let isBusy =
            !slots.isEmpty && connectingCount == 0
            && slots.values.allSatisfy { $0.isRetired || $0.requestCount >= settings.requestsPerConnection }
        let perConnection = settings.requestsPerConnection
        var wanted = max(isBusy ? 1 : 0, waiting.count / perConnection + (waiting.count % perConnection == 0 ? 0 : 1))
        // One is enough to find out whether the service is back.
        if failureCount > 0 { wanted = min(wanted, 1) }
        while !isClosing, connectingCount < wanted, slots.count < settings.connectionLimit {
            lastConnection += 1
            connectingCount += 1
            slots[lastConnection] = Slot()
            actions.opens.append(lastConnection)
        }
    }

    /// The socket is there, HELLO is not answered yet.
    mutating func connected(_ connection: Int) -> Actions {
        var actions = Actions()
        if isClosing { actions.drains.append(connection) }
        return actions
    }

    /// HELLO was accepted.
    mutating func opened(_ connection: Int, _ limits: ConnectionLimits, now: NIODeadline) -> Actions {
        var actions = Actions()
        guard slots[connection] != nil else { return actions }
        slots[connection]?.limits = limits
        serve(now: now, &actions)
        return actions
    }

    /// The service wants nothing more on this connection.
    mutating func retired(_ connection: Int) { slots[connection]?.isRetired = true }

    /// The connection could not be opened, or is over; its requests are finished by whoever had them.
    mutating func closed(
        _ connection: Int, _ requests: [UInt64], _ error: CacheError, now: NIODeadline,
        using randomness: inout some RandomNumberGenerator
    ) -> Actions {
        for number in requests { assigned[number] = nil }
        var actions = Actions()
        guard let slot = slots.removeValue(forKey: connection) else { return actions }
        if isClosing {
            actions.isFinished = slots.isEmpty
            return actions
        }
        if !slot.hasAnswered {
            fail(error, now: now, using: &randomness)
            if slots.isEmpty {
                let error = error.retry(after: (reconnectAt ?? now) - now)
                for call in waiting.removeAll() {
                    actions.finishes.append((call, .failed(error, mayHaveBeenSent: false)))
                }
            }
        }
        serve(now: now, &actions)
        return actions
    }

    /// Connections that were tried together and failed together count as one failure.
    private mutating func fail(
        _ error: CacheError, now: NIODeadline, using randomness: inout some RandomNumberGenerator
    ) {
        lastFailure = error
        if let reconnectAt, now < reconnectAt { return }
        failureCount += 1
        reconnectAt = now + settings.backoff.delay(afterFailures: failureCount, using: &randomness)
    }

    // MARK: Time

    /// When `wake` is to be called next, at the latest; nil for not at all.
    var nextWake: NIODeadline? {
        guard !waiting.isEmpty else { return nil }
        return min(waiting.earliestDeadline, reconnectAt ?? .distantFuture)
    }

    mutating func wake(now: NIODeadline) -> Actions {
        var actions = Actions()
        if let reconnectAt, reconnectAt <= now { self.reconnectAt = nil }
        for call in waiting.removeExpired(now: now) {
            let error = CacheError.deadlineExceeded("no connection had room in time")
            actions.finishes.append((call, .failed(error, mayHaveBeenSent: false)))
        }
        serve(now: now, &actions)
        return actions
    }

    // MARK: The end

    /// Nothing new; what waits fails, what is in flight may finish. Connections without a socket yet are drained when
    /// it is there.
    mutating func close() -> Actions {
        var actions = Actions()
        isClosing = true
        for call in waiting.removeAll() {
            actions.finishes.append((call, .failed(.clientClosed, mayHaveBeenSent: false)))
        }
        actions.drains = Array(slots.keys)
        actions.isFinished = slots.isEmpty
        return actions
    }

    // MARK: For tests

    var counts: (connections: Int, waiting: Int, assigned: Int) { (slots.count, waiting.count, assigned.count) }

    /// True as long as this type keeps its own rules.
    var holdsInvariants: Bool {
        slots.count <= settings.connectionLimit && waiting.count <= settings.waitingRequestLimit
            && slots.values.allSatisfy { slot in
                slot.requestCount >= 0 && slot.frameBytes >= 0 && (slot.requestCount == 0) == (slot.frameBytes == 0)
            }
            && slots.allSatisfy { number, slot in slot.requestCount == assigned.values.count { $0 == number } }
    }
}

extension CacheError {
    fileprivate static func tooLarge(_ call: some OutstandingRequest, _ limitBytes: Int) -> CacheError {
        CacheError(
            .frameTooLarge, "the request is longer than the service takes",
            detail: ["limit": String(limitBytes), "got": String(call.frameBytes - FrameHeader.bytes)])
    }

    fileprivate func retry(after delay: TimeAmount) -> CacheError {
        var error = self
        error.detail[Self.retryAfterName] = String((delay.nanoseconds + 999_999) / 1_000_000)
        return error
    }
}
