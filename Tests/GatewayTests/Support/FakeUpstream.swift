import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real HTTP server that says, byte for byte, what a test tells it to.
final class FakeUpstream: Sendable {
    struct Received: Sendable {
        var path: String
        var headers: HTTPHeaders
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    enum Step: Sendable {
        case bytes([UInt8])
        /// Waits until the gate is opened, or the connection is closed.
        case wait(Gate)
        /// Ends the connection in an orderly way.
        case close
        /// Cuts the connection off.
        case reset

        static func text(_ text: String) -> Step { .bytes(Array(text.utf8)) }
    }

    typealias Script = @Sendable (_ request: Received, _ number: Int) -> [Step]

    private struct State {
        var received: [Received] = []
        var lostCount = 0
        var lossWaiters: [CheckedContinuation<Void, Never>] = []
        var arrivalWaiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let script: Script
    private let channel = Mutex<(any Channel)?>(nil)

    private init(_ script: @escaping Script) { self.script = script }

    static func start(_ script: @escaping Script) async throws -> FakeUpstream {
        let upstream = FakeUpstream(script)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try operations.addHandler(UpstreamHandler(upstream))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        upstream.channel.withLock { $0 = channel }
        return upstream
    }

    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }
    var received: [Received] { state.withLock(\.received) }
    var count: Int { received.count }

    func stop() async { try? await channel.withLock { $0 }?.close() }

    /// Returns when so many requests have come.
    func arrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.received.count < count else { return true }
                state.arrivalWaiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Returns when a connection has been closed by the other side before its answer was complete.
    func loss() async {
        await withCheckedContinuation { continuation in
            let isLost = state.withLock { state in
                guard state.lostCount == 0 else { return true }
                state.lossWaiters.append(continuation)
                return false
            }
            if isLost { continuation.resume() }
        }
    }

    fileprivate func steps(for request: Received) -> [Step] {
        let (number, waiters) = state.withLock { state in
            state.received.append(request)
            let count = state.received.count
            let ready = state.arrivalWaiters.filter { $0.count <= count }
            state.arrivalWaiters.removeAll { $0.count <= count }
            return (count, ready)
        }
        for waiter in waiters { waiter.continuation.resume() }
        return script(request, number)
    }

    fileprivate func lost() {
        let waiters = state.withLock { state in
            state.lostCount += 1
            defer { state.lossWaiters = [] }
            return state.lossWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// Lets through when it is opened, once and for all.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

private final class UpstreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let upstream: FakeUpstream
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isAnswering = false

    init(_ upstream: FakeUpstream) { self.upstream = upstream }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer): body += buffer.readableBytesView
        case .end:
            guard let head else { return }
            isAnswering = true
            let steps = upstream.steps(for: .init(path: head.uri, headers: head.headers, body: body))
            let channel = context.channel
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenComplete { _ in handler.value.isAnswering = false }
            promise.completeWithTask { try await Self.perform(steps, on: channel) }
        }
    }

    private static func perform(_ steps: [FakeUpstream.Step], on channel: any Channel) async throws {
        for step in steps {
            switch step {
            case .bytes(let bytes): try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
            case .wait(let gate): await gate.pass()
            case .close: try await channel.close()
            case .reset:
                let options = channel as? any SocketOptionProvider
                try await options?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
                try await channel.close()
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isAnswering { upstream.lost() }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
