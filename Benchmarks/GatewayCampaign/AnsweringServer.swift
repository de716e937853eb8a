package import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP server that stands where a provider would, and answers at once what a function says.
package struct AnsweringServer: Sendable {
    package struct Request: Sendable {
        package var path: String
        package var body: [UInt8]
    }

    /// Bytes of HTTP, head and all, in pieces.
    package struct Answer: Sendable {
        package var delay: TimeAmount
        /// Between one piece and the next; a piece that the client cannot take yet waits as well.
        package var interval: TimeAmount
        package var count: Int
        package var piece: @Sendable (Int) -> ByteBuffer

        package init(
            delay: TimeAmount = .zero, interval: TimeAmount = .zero, count: Int,
            piece: @escaping @Sendable (Int) -> ByteBuffer
        ) {
            self.delay = delay
            self.interval = interval
            self.count = count
            self.piece = piece
        }

        package init(delay: TimeAmount = .zero, _ bytes: [UInt8]) {
            self.init(delay: delay, count: 1) { _ in ByteBuffer(bytes: bytes) }
        }
    }

    package let port: Int
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// Listens on a free port of the loopback interface.
    package static func start(
        threads: Int = 1, _ answer: @escaping @Sendable (Request) -> Answer
    ) async throws -> AnsweringServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 2_048)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try operations.addHandler(AnsweringHandler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return AnsweringServer(port: channel.localAddress?.port ?? 0, channel: channel, group: group)
    }

    package func stop() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }
}

private final class AnsweringHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let answer: @Sendable (AnsweringServer.Request) -> AnsweringServer.Answer
    private var request = AnsweringServer.Request(path: "", body: [])
    private var current: AnsweringServer.Answer?
    private var next = 0
    private var isPausing = false

    init(_ answer: @escaping @Sendable (AnsweringServer.Request) -> AnsweringServer.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): request = AnsweringServer.Request(path: head.uri, body: [])
        case .body(let buffer): request.body += buffer.readableBytesView
        case .end:
            let answer = answer(request)
            current = answer
            next = 0
            if answer.delay > .zero { pause(answer.delay, context) } else { go(context) }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        go(context)
        context.fireChannelWritabilityChanged()
    }

    private func pause(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        isPausing = true
        context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.isPausing = false
            self.go(context)
        }
    }

    private func go(_ context: ChannelHandlerContext) {
        while let answer = current, !isPausing, context.channel.isWritable, context.channel.isActive {
            let piece = wrapOutboundOut(answer.piece(next))
            next += 1
            if next == answer.count {
                current = nil
            } else if answer.interval > .zero {
                pause(answer.interval, context)
            }
            context.writeAndFlush(piece, promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        current = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
