import CacheModel
import CacheProtocol
import NIOCore

/// What a connection tells the pool, always on its event loop.
protocol ConnectionObserver: AnyObject, Sendable {
    /// The socket is there; HELLO is about to be sent.
    func connected(_ number: Int, _ connection: Connection)
    /// HELLO was accepted: requests may be sent.
    func opened(_ number: Int, _ hello: HelloReply)
    /// The places of these requests are free: they are answered, or were not sent after all.
    func released(_ number: Int, _ requests: [UInt64], frameBytes: Int, areAnswered: Bool)
    /// What is in flight may be answered, nothing more should be sent.
    func retired(_ number: Int)
    /// The connection is over, once; so are the places of these requests.
    func closed(_ number: Int, _ requests: [UInt64], _ error: CacheError)
}

/// Performs on a channel what `ConnectionState` decides. All of it on the channel's event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Settings: Sendable {
        var hello: HelloRequest
        /// For the reply to HELLO.
        var helloDeadline: NIODeadline
        var silenceLimit: TimeAmount
    }

    private let number: Int
    private let settings: Settings
    private let observer: any ConnectionObserver
    private var state: ConnectionState<Call>
    private var decoder = FrameDecoder(expecting: .replies)
    /// What is left of a frame that has not arrived whole.
    private var unread: ByteBuffer?
    private var context: ChannelHandlerContext?
    private var isFlushDue = false
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
    private var released: (numbers: [UInt64], frameBytes: Int) = ([], 0)

    init(number: Int, settings: Settings, observer: any ConnectionObserver) {
        self.number = number
        self.settings = settings
        self.observer = observer
        state = ConnectionState(silenceLimit: settings.silenceLimit)
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard context.channel.isActive else {
            end(CacheError(.connectionClosed, "the service closed the connection at once"))
            return
        }
        start(context)
    }

    func channelActive(context: ChannelHandlerContext) { context.fireChannelActive() }

    func channelInactive(context: ChannelHandlerContext) {
        end(CacheError(.connectionClosed, "the service closed the connection"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(CacheError(.connectionClosed, "the connection was taken apart"))
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let failure = EncryptionFailure(error) { return end(failure.error(cause: error)) }
        end(CacheError(.connectionClosed, "the connection failed", detail: ["cause": String(describing: error)]))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if unread == nil {
            unread = bytes
        } else {
            unread?.writeBuffer(&bytes)
        }
        state.receivedBytes(now: context.eventLoop.now)
        readFrames()
        report()
        reschedule()
    }

    // MARK: What the pool wants

    func send(_ call: Call) {
        guard let context else {
            let error = CacheError(.connectionClosed, "the connection was closed before the request was sent")
            return refuse(call, .failed(error, mayHaveBeenSent: false))
        }
        switch state.send(call, now: context.eventLoop.now) {
        case .write(let identifier):
            // The frame is always there: a call is handed to one connection only.
            if let frame = call.takeFrame(identifier: identifier) { write(frame, context) }
            reschedule()
        case .refuse(let outcome): refuse(call, outcome)
        }
    }

    func abandon(_ number: UInt64) {
        state.abandon(number)?.finish(.cancelled)
        closeIfDrained()
    }

    func drain() {
        state.drain()
        closeIfDrained()
    }

    // MARK: What that comes to

    private func start(_ context: ChannelHandlerContext) {
        observer.connected(number, Connection(self, on: context.eventLoop))
        let identifier = state.start(deadline: settings.helloDeadline)
        var frame = context.channel.allocator.buffer(capacity: Limits.helloBytes)
        do throws(CacheError) {
            try frame.writeRequest(.hello(settings.hello), identifier: identifier, bodyLimitBytes: Limits.helloBytes)
            write(frame, context)
            reschedule()
        } catch {
            end(error)
        }
    }

    /// Requests that arrive at the event loop together leave together.
    private func write(_ frame: ByteBuffer, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(frame), promise: nil)
        guard !isFlushDue else { return }
        isFlushDue = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushDue = false
            self.context?.flush()
        }
    }

    private func refuse(_ call: Call, _ outcome: AttemptOutcome) {
        observer.released(number, [call.number], frameBytes: call.frameBytes, areAnswered: false)
        call.finish(outcome)
    }

    private func readFrames() {
        do throws(CacheError) {
            while unread != nil {
                guard let frame = try nextFrame() else { break }
                perform(state.received(try Reply(frame), identifier: frame.header.requestIdentifier))
            }
        } catch {
            end(EncryptionFailure.isAlert(unread) ? EncryptionFailure.encrypted.error(cause: error) : error)
        }
        reclaim()
        closeIfDrained()
    }

    private func nextFrame() throws(CacheError) -> Frame? {
        guard var bytes = unread.take() else { return nil }
        defer { unread = bytes }
        return try decoder.next(from: &bytes)
    }

    /// Keeps the buffer from growing while its end is never reached; moves no more bytes than were read since the last
    /// time.
    private func reclaim() {
        guard let bytes = unread else { return }
        let isEmpty = bytes.readableBytes == 0
        let isMostlyRead = bytes.readableBytes < bytes.readerIndex
        if isEmpty { unread = nil } else if isMostlyRead { unread?.discardReadBytes() }
    }

    private func perform(_ action: ConnectionState<Call>.ReceiveAction) {
        switch action {
        case .opened(let hello): observer.opened(number, hello)
        case .finish(let call, let reply, let number, let frameBytes):
            released.numbers.append(number)
            released.frameBytes += frameBytes
            call?.finish(.reply(reply))
            switch ConnectionState<Call>.consequence(of: reply) {
            case .none: break
            case .retire:
                observer.retired(self.number)
                state.drain()
            case .close(let error): end(error)
            }
        case .close(let error): end(error)
        case .nothing: break
        }
    }

    /// Once for all replies that came together, as the pool is behind a lock.
    private func report() {
        guard !released.numbers.isEmpty else { return }
        let report = released
        released = ([], 0)
        observer.released(number, report.numbers, frameBytes: report.frameBytes, areAnswered: true)
    }

    private func closeIfDrained() {
        if state.isDrained { end(CacheError(.connectionClosed, "nothing more was to come on the connection")) }
    }

    /// Every way in which the connection ends leads here; only the first counts.
    private func end(_ error: CacheError) {
        guard let ending = state.close() else { return }
        report()
        timer?.task.cancel()
        timer = nil
        unread = nil
        observer.closed(number, ending.numbers, error)
        for call in ending.calls { call.finish(.failed(error, mayHaveBeenSent: true)) }
        context?.close(mode: .all, promise: nil)
    }

    private func reschedule() {
        guard let context, let deadline = state.nextWake, deadline < (timer?.deadline ?? .distantFuture) else { return }
        timer?.task.cancel()
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.wake() }
        timer = (deadline, task)
    }

    private func wake() {
        timer = nil
        guard let context else { return }
        let action = state.wake(now: context.eventLoop.now)
        for call in action.expired {
            let error = CacheError.deadlineExceeded("the service did not answer in time")
            call.finish(.failed(error, mayHaveBeenSent: true))
        }
        if let error = action.closing { end(error) }
        closeIfDrained()
        reschedule()
    }
}

/// A connection as other threads see it: what it is told is done on its event loop, in the order in which it is told.
final class Connection: Sendable {
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<ConnectionHandler>

    /// To be called on the event loop.
    init(_ handler: ConnectionHandler, on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    func send(_ call: Call) { eventLoop.execute { self.handler.value.send(call) } }
    func abandon(_ number: UInt64) { eventLoop.execute { self.handler.value.abandon(number) } }
    func drain() { eventLoop.execute { self.handler.value.drain() } }
}
