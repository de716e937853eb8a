import CacheEngine
package import CacheModel
import CacheProtocol
import Logging
package import NIOCore

/// Tells a connection that the service stops.
package enum ConnectionEvent: Sendable {
    case drain
}

/// Moves the bytes of one connection, and does what its state says.
///
/// Everything happens in rounds: input or replies come in, frames are taken while there is credit, the replies that
/// are there are written into one buffer, and `settle` flushes it and sees to what follows.
package final class ConnectionHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    let services: ConnectionServices
    let eventLoop: any EventLoop
    let counters: ServerCounters
    let activity: LoopActivity
    /// Whether no other connection of its event loop has sent a request for a while.
    var hasLoopForItself = false
    /// Nil before the channel is active and after the handler is removed.
    var context: ChannelHandlerContext?
    var state: ConnectionState
    var access: ConnectionAccess
    var inbound = InboundFrames()
    var output: ReplyOutput
    /// Requests that may still be answered on the event loop in this round; the next ones go to the search threads, so
    /// that one connection never holds up the others of its loop.
    var inlineAllowance = 0
    var mailbox: ReplyMailbox?
    private var arrived: [ReplyMailbox.Item] = []
    /// Input that waits for the rest of its frame, as far as it is charged to the gauge.
    private var chargedInputBytes = 0
    private var withholdsRead = false
    /// Whether frames may wait that there was no credit for.
    private var hasUntakenFrames = false
    private var closesOutputWhenWritten = false
    // Flushing may call back from inside: a write is done, the writability changes.
    private var isTakingFrames = false
    private var isFlushing = false
    private var isSettling = false
    /// When the last step ended that is timed, if nothing has happened since: the next one begins then.
    var timedUntil: NIODeadline?
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?

    static let inlineAnswersPerRound = 8
    /// Less input than this is not worth charging for.
    private static let uncountedInputBytes = 64 << 10

    /// - Parameters:
    ///   - isEncrypted: whether a handler of TLS stands between this one and the socket.
    ///   - refusal: why the connection is ended before anything is read from it.
    package init(
        services: ConnectionServices, eventLoop: any EventLoop, isEncrypted: Bool = false, refusal: CacheError? = nil
    ) {
        self.services = services
        self.eventLoop = eventLoop
        counters = services.counters(of: eventLoop)
        activity = services.activity(of: eventLoop)
        state = ConnectionState(terms: services.terms, refusal: refusal, now: eventLoop.now)
        access = ConnectionAccess(services.access)
        output = ReplyOutput(gauge: services.gauge, isEncrypted: isEncrypted)
        inlineAllowance = Self.inlineAnswersPerRound
    }

    // MARK: Life

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let this = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        mailbox = ReplyMailbox(gauge: services.gauge, limitBytes: services.limits.bytesInFlightPerConnection) {
            eventLoop.execute { this.value.repliesArrived() }
        }
        settle()
    }

    package func channelActive(context: ChannelHandlerContext) {
        settle()
        context.fireChannelActive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
        letMailboxGo()
    }

    /// The mailbox and this handler hold each other, until the last reply has come, whether or not anybody still wants
    /// it.
    private func letMailboxGo() {
        if context == nil, state.inFlightCount == 0 { mailbox = nil }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        guard !state.isClosed else { return }
        state.closed()
        inbound.drop()
        chargeInput()
        output.drop()
        closesOutputWhenWritten = false
        timer?.task.cancel()
        timer = nil
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        services.logger.debug("connection failed", metadata: ["error": "\(error)"])
        close(context)
    }

    /// With TLS the channel is closed only when the peer agrees, or has not for a while; here it is over at once.
    private func close(_ context: ChannelHandlerContext) {
        end()
        context.close(promise: nil)
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            state.inputClosed()
            settle()
        } else if case ConnectionEvent.drain = event {
            state.drain(now: eventLoop.now)
            settle()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Input

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        counters.update { $0.bytesReceived += bytes.readableBytes }
        guard !state.dropsInput else { return }
        inbound.append(bytes)
        takeFrames()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        settle()
        context.fireChannelReadComplete()
    }

    /// Reading goes on by itself after each round; without credit it is put off until there is some again.
    package func read(context: ChannelHandlerContext) {
        if state.mayRead {
            context.read()
        } else {
            withholdsRead = true
        }
    }

    /// Takes frames while there is credit for them.
    private func takeFrames() {
        guard !isTakingFrames else { return }
        isTakingFrames = true
        defer { isTakingFrames = false }
        hasUntakenFrames = false
        let now = eventLoop.now
        timedUntil = now
        while state.mayTakeFrame {
            echoPings(now: now)
            do throws(CacheError) {
                guard let frame = try inbound.next() else { break }
                take(frame, now: now)
            } catch {
                counters.update { $0.protocolErrors += 1 }
                let identifier = inbound.failedRequestIdentifier
                state.end(.init(error: error, identifier: identifier), now: now)
            }
            if output.isLong { flush() }
        }
        hasUntakenFrames = !state.mayTakeFrame && !state.dropsInput && inbound.waitingBytes > 0
    }

    /// Keeps the gauge at what waits here. A frame that there is no room for is given up, and its request refused.
    private func chargeInput() {
        let waiting = inbound.waitingBytes >= Self.uncountedInputBytes ? inbound.waitingBytes : 0
        let more = waiting - chargedInputBytes
        if more <= 0 {
            if more < 0 { services.gauge.release(-more) }
        } else if !services.gauge.charge(more) {
            if state.mayTakeFrame, let (opcode, identifier) = inbound.dropPartialFrame() {
                counters.update { $0.requestsRefused += 1 }
                output.append(.failure(.overloaded("there is no room for the request"), opcode), identifier: identifier)
                services.gauge.release(chargedInputBytes)
                chargedInputBytes = 0
                return
            }
            services.gauge.adjust(by: more)
        }
        chargedInputBytes = waiting
    }

    // MARK: Replies

    /// On the event loop, once for all replies that have come since it was last called.
    private func repliesArrived() {
        guard let mailbox else { return }
        mailbox.take(into: &arrived)
        let now = eventLoop.now
        let isOver = state.isClosed
        for item in arrived {
            services.gauge.release(item.carriedBytes)
            let replyBytes = isOver ? 0 : output.append(item.reply, identifier: item.identifier)
            if let times = item.times { services.metrics.timings.replied(item.reply.opcode, times, now: eventLoop.now) }
            services.gauge.release(state.complete(item.identifier, replyBytes: replyBytes, now: now))
            if output.isLong { flush() }
        }
        arrived.removeAll(keepingCapacity: arrived.count <= 64)
        guard !isOver else { return letMailboxGo() }
        settle()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        state.writabilityChanged(to: context.channel.isWritable)
        if !isFlushing, !isTakingFrames { settle() }
        context.fireChannelWritabilityChanged()
    }

    private func flush() {
        guard let context, var buffer = output.take() else { return }
        isFlushing = true
        let writtenBytes = buffer.readableBytes
        counters.update { $0.bytesSent += writtenBytes }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        output.written(&buffer)
        if output.needsMarker { context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: placeMarker()) }
        isFlushing = false
        state.outputChanged(bufferedBytes: output.bufferedBytes, hasProgressed: false, now: eventLoop.now)
    }

    /// A promise that is kept once the socket has taken everything given to it so far.
    private func placeMarker() -> EventLoopPromise<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        output.markerPlaced()
        promise.futureResult.assumeIsolated().whenSuccess { self.markerPassed() }
        return promise
    }

    private func markerPassed() {
        output.markerPassed()
        state.outputChanged(bufferedBytes: output.bufferedBytes, hasProgressed: true, now: eventLoop.now)
        // What was written behind the marker gets one of its own.
        if output.needsMarker, let context {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: placeMarker())
        }
        if !isFlushing { settle() }
    }

    // MARK: Rounds

    /// Ends a round: writes the replies, does what follows from the state, reads on.
    private func settle() {
        guard let context, context.channel.isActive, !state.isClosed, !isSettling else { return }
        isSettling = true
        defer { isSettling = false }
        chargeInput()
        flush()
        // Flushing gives credit back.
        while hasUntakenFrames, state.mayTakeFrame {
            takeFrames()
            flush()
        }
        if state.dropsInput { inbound.drop() }
        let rest: ConnectionState.Rest =
            hasUntakenFrames ? .frames : inbound.isInsideFrame ? .partialFrame : .nothing
        perform(state.settle(rest, now: eventLoop.now), context)
        if closesOutputWhenWritten, output.bufferedBytes == 0 { closeOutput(context) }
        inlineAllowance = Self.inlineAnswersPerRound
        guard !state.isClosed else { return }
        setTimer()
        if withholdsRead, state.mayRead {
            withholdsRead = false
            context.read()
        }
    }

    private func perform(_ action: ConnectionState.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none: break
        case .close: close(context)
        case .finish(let farewell):
            if let farewell {
                services.logger.debug("connection ended", metadata: ["error": "\(farewell.error.code.rawValue)"])
                output.append(.failure(farewell.error, farewell.opcode), identifier: farewell.identifier)
            }
            closesOutputWhenWritten = true
            flush()
        }
    }

    /// Behind the last reply.
    private func closeOutput(_ context: ChannelHandlerContext) {
        closesOutputWhenWritten = false
        guard !state.inputIsClosed else { return close(context) }
        state.outputClosed(now: eventLoop.now)
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenFailure { _ in
            if let context = self.context { self.close(context) }
        }
        context.close(mode: .output, promise: promise)
    }

    // MARK: Time

    /// A timer is left as it is while it fires before the next deadline: looking once too often is cheaper than moving
    /// it.
    private func setTimer() {
        guard let deadline = state.nextDeadline else { return }
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let this = NIOLoopBound(self, eventLoop: eventLoop)
        timer = (deadline, eventLoop.scheduleTask(deadline: deadline) { this.value.timerFired() })
    }

    private func timerFired() {
        timer = nil
        guard let context, !state.isClosed else { return }
        let now = eventLoop.now
        if output.bufferedBytes > 0,
            let actual = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        {
            let hasProgressed = output.measured(bufferedBytes: actual)
            state.outputChanged(bufferedBytes: output.bufferedBytes, hasProgressed: hasProgressed, now: now)
        }
        let wasOpen = !state.dropsInput
        let action = state.timePassed(now: now)
        if wasOpen, action == .close || state.dropsInput { counters.update { $0.deadlinesExceeded += 1 } }
        perform(action, context)
        settle()
    }
}
