package import CacheModel
package import CacheProtocol
package import NIOCore

/// The rules of one connection as a plain value: what a frame may do, when reading stops, what a passed deadline means.
///
/// It knows no socket and no clock. The channel handler tells it what happened and when, and performs what it answers.
package struct ConnectionState: ~Copyable {
    package enum Phase: Hashable, Sendable {
        case awaitingHello
        case serving
        /// The service stops: frames are refused, what is in flight is answered.
        case draining
        /// The conversation is over: frames are dropped, what is in flight is answered, then comes the farewell.
        indirect case ending(Farewell?)
        /// All is said and the output is closed. Input is dropped until the peer closes too: closing with unread input
        /// would reset the connection, and the peer might lose the last replies.
        case lingering
        case closed
    }

    /// The last reply of a connection.
    package struct Farewell: Hashable, Sendable {
        package var error: CacheError
        package var opcode: Opcode
        package var identifier: UInt64

        package init(error: CacheError, opcode: Opcode = .connection, identifier: UInt64 = 0) {
            self.error = error
            self.opcode = opcode
            self.identifier = identifier
        }
    }

    /// What is to be done with a frame.
    package enum Admission: Hashable, Sendable {
        case take
        /// This request is answered with the error, others are taken.
        case refuse(CacheError)
        /// Nothing more is taken: see `end`.
        case end(Farewell)
    }

    package enum Action: Hashable, Sendable {
        case none
        /// Write the farewell, and close the output once all is written; the whole connection if the peer is done as
        /// well.
        indirect case finish(Farewell?)
        /// Close at once.
        case close
    }

    /// What is left of the input after frames were taken.
    package enum Rest: Hashable, Sendable {
        case nothing
        case partialFrame
        /// Whole frames, for which there is no credit.
        case frames
    }

    package let terms: ConnectionTerms
    package private(set) var phase = Phase.awaitingHello
    /// The bytes of each request that was handed over and not answered yet, by its identifier.
    private var inFlight: [UInt64: Int] = [:]
    private var inFlightBytes = 0
    /// Bytes of replies that the socket has not taken yet.
    private var bufferedBytes = 0
    private var isWritable = true
    /// What a reply may be expected to take: the largest of late, forgotten bit by bit.
    private var expectedReplyBytes = 0
    package private(set) var inputIsClosed = false

    // The beginnings of what has a deadline.
    private var openedAt: NIODeadline
    private var activeAt: NIODeadline
    private var frameBegunAt: NIODeadline?
    private var writeStalledAt: NIODeadline?
    private var endingAt: NIODeadline?

    /// - Parameter refusal: why the connection ends before it began.
    package init(terms: ConnectionTerms, refusal: CacheError? = nil, now: NIODeadline) {
        self.terms = terms
        openedAt = now
        activeAt = now
        if let refusal { end(Farewell(error: refusal), now: now) }
    }

    package var inFlightCount: Int { inFlight.count }

    // MARK: Credit

    /// Whether the next frame may be taken: there is credit for it, and the peer takes its replies.
    ///
    /// Credit is charged for requests without an answer, for what their replies are expected to take, and for replies
    /// that wait in the socket's buffer. With none of these, one frame is let in whatever its size.
    package var mayTakeFrame: Bool {
        switch phase {
        case .awaitingHello, .serving, .draining:
            guard isWritable, inFlight.count < terms.requestsInFlight else { return false }
            let (expected, overflow) = inFlight.count.multipliedReportingOverflow(by: expectedReplyBytes)
            let charged = inFlightBytes + bufferedBytes
            return charged == 0 || (!overflow && charged + expected < terms.bytesInFlight)
        case .ending, .lingering, .closed: return false
        }
    }

    /// Whether input is dropped as it comes.
    package var dropsInput: Bool {
        switch phase {
        case .awaitingHello, .serving, .draining: false
        case .ending, .lingering, .closed: true
        }
    }

    package var isClosed: Bool { if case .closed = phase { true } else { false } }

    /// Whether the socket may be read.
    package var mayRead: Bool { mayTakeFrame || dropsInput }

    // MARK: Frames and replies

    /// Asks what to do with a whole frame, before its body is decoded.
    package mutating func admit(_ header: FrameHeader, now: NIODeadline) -> Admission {
        activeAt = now
        frameBegunAt = nil
        if !inFlight.isEmpty, inFlight[header.requestIdentifier] != nil {
            // A reply to this identifier would be taken for the reply to the earlier request.
            let error = CacheError(
                .malformedFrame, "the identifier of a request that is not answered yet is used again",
                detail: ["got": String(header.requestIdentifier)])
            return .end(Farewell(error: error))
        }
        switch phase {
        case .awaitingHello:
            guard header.opcode == .hello else {
                let error = CacheError(.malformedFrame, "the first request of a connection is HELLO")
                return .end(Farewell(error: error, opcode: header.opcode, identifier: header.requestIdentifier))
            }
            return .take
        case .serving:
            guard header.opcode != .hello else {
                return .refuse(CacheError(.invalidArgument, "HELLO was accepted already", detail: ["field": "opcode"]))
            }
            return .take
        case .draining, .ending, .lingering, .closed: return .refuse(.shuttingDown)
        }
    }

    /// Whether a PING needs no admission of its own.
    package var mayEcho: Bool { phase == .serving && inFlight.isEmpty }

    /// PINGs were taken and answered.
    package mutating func echoed(now: NIODeadline) {
        activeAt = now
        frameBegunAt = nil
    }

    package mutating func helloAccepted() {
        if phase == .awaitingHello { phase = .serving }
    }

    /// A request was handed over and will be answered later.
    package mutating func begin(_ identifier: UInt64, bytes: Int) {
        inFlight[identifier] = bytes
        inFlightBytes += bytes
    }

    /// The answer to a request that was handed over is there.
    ///
    /// - Returns: the bytes that the request was begun with.
    package mutating func complete(_ identifier: UInt64, replyBytes: Int, now: NIODeadline) -> Int {
        guard let bytes = inFlight.removeValue(forKey: identifier) else { return 0 }
        inFlightBytes -= bytes
        expectedReplyBytes = max(replyBytes, expectedReplyBytes - (expectedReplyBytes + 15) / 16)
        activeAt = now
        return bytes
    }

    // MARK: Output

    package mutating func writabilityChanged(to isWritable: Bool) { self.isWritable = isWritable }

    /// - Parameters:
    ///   - bytes: what the socket has not taken yet.
    ///   - hasProgressed: whether it has taken anything since the last call, or nothing was waiting then.
    package mutating func outputChanged(
        bufferedBytes bytes: Int, hasProgressed: Bool, now: @autoclosure () -> NIODeadline
    ) {
        bufferedBytes = bytes
        if bytes == 0 {
            writeStalledAt = nil
        } else if hasProgressed || writeStalledAt == nil {
            writeStalledAt = now()
        }
    }

    // MARK: The end

    /// The peer broke the rules, or let a deadline pass: nothing more is taken, and the error is the last reply.
    package mutating func end(_ farewell: Farewell?, now: NIODeadline) {
        guard !dropsInput else { return }
        phase = .ending(farewell)
        endingAt = endingAt ?? now
        frameBegunAt = nil
    }

    /// The service stops.
    package mutating func drain(now: NIODeadline) {
        switch phase {
        case .awaitingHello: end(Farewell(error: .shuttingDown), now: now)
        case .serving:
            phase = .draining
            endingAt = now
        case .draining, .ending, .lingering, .closed: break
        }
    }

    /// The peer sends nothing more. What it has sent is still answered.
    package mutating func inputClosed() { inputIsClosed = true }

    package mutating func closed() {
        phase = .closed
        frameBegunAt = nil
        writeStalledAt = nil
    }

    /// The output was closed behind the last reply.
    package mutating func outputClosed(now: NIODeadline) { endingAt = now }

    /// Ends a round of taking frames or replies.
    package mutating func settle(_ rest: Rest, now: @autoclosure () -> NIODeadline) -> Action {
        // A frame that is not read on for want of credit is not its sender's delay.
        if rest == .partialFrame, mayTakeFrame {
            frameBegunAt = frameBegunAt ?? now()
        } else {
            frameBegunAt = nil
        }
        switch phase {
        case .awaitingHello, .serving:
            guard inputIsClosed, rest != .frames, inFlight.isEmpty else { return .none }
            let cutShort = CacheError(.malformedFrame, "the input ends in the middle of a frame")
            return finish(rest == .partialFrame ? Farewell(error: cutShort) : nil, now: now())
        case .draining:
            guard inFlight.isEmpty, rest != .frames else { return .none }
            return finish(Farewell(error: .shuttingDown), now: now())
        case .ending(let farewell): return inFlight.isEmpty ? finish(farewell, now: now()) : .none
        case .lingering: return inputIsClosed && bufferedBytes == 0 ? .close : .none
        case .closed: return .none
        }
    }

    private mutating func finish(_ farewell: Farewell?, now: NIODeadline) -> Action {
        phase = .lingering
        endingAt = now
        frameBegunAt = nil
        return .finish(farewell)
    }

    // MARK: Deadlines

    /// The next moment at which `timePassed` may have something to say; nil when closed.
    package var nextDeadline: NIODeadline? {
        switch phase {
        case .awaitingHello: earliest(openedAt + terms.hello)
        case .serving: earliest(isIdle ? activeAt + terms.idle : nil)
        case .draining, .ending: earliest(endingAt.map { $0 + terms.drain })
        case .lingering: earliest(bufferedBytes == 0 ? endingAt.map { $0 + terms.linger } : nil)
        case .closed: nil
        }
    }

    private func earliest(_ deadline: NIODeadline?) -> NIODeadline? {
        var earliest = deadline
        if let begun = frameBegunAt { earliest = min(earliest ?? .distantFuture, begun + terms.frame) }
        if let stalled = writeStalledAt { earliest = min(earliest ?? .distantFuture, stalled + terms.write) }
        return earliest
    }

    private var isIdle: Bool { inFlight.isEmpty && frameBegunAt == nil && bufferedBytes == 0 }

    /// Looks at every deadline. After `.none` the connection may still have begun to end: `settle` says what follows.
    package mutating func timePassed(now: NIODeadline) -> Action {
        if let stalled = writeStalledAt, now >= stalled + terms.write { return .close }
        if let begun = frameBegunAt, now >= begun + terms.frame {
            end(Farewell(error: .tooSlow("a frame was begun and not completed in time")), now: now)
            return .none
        }
        switch phase {
        case .awaitingHello where now >= openedAt + terms.hello:
            end(Farewell(error: .tooSlow("HELLO did not come in time")), now: now)
        case .serving where isIdle && now >= activeAt + terms.idle:
            end(Farewell(error: .tooSlow("the connection was idle for too long")), now: now)
        case .draining, .ending:
            if let endingAt, now >= endingAt + terms.drain { return .close }
        case .lingering:
            if bufferedBytes == 0, let endingAt, now >= endingAt + terms.linger { return .close }
        case .awaitingHello, .serving, .closed: break
        }
        return .none
    }
}

extension CacheError {
    static let shuttingDown = CacheError(.shuttingDown, "the service is shutting down")

    static func tooSlow(_ message: String) -> CacheError { CacheError(.deadlineExceeded, message) }

    static func overloaded(_ message: String) -> CacheError {
        CacheError(.overloaded, message, detail: ["retry-after-ms": "100"])
    }
}
