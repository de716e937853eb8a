import NIOCore
import NIOHTTP1

/// Answers one request of a connection, and closes it.
final class MetricsRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// From the connection until it is closed, whatever happens.
    static let deadline = TimeAmount.seconds(10)

    private let server: CacheServer
    private var head: HTTPRequestHead?
    private var timer: Scheduled<Void>?

    init(server: CacheServer) { self.server = server }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: Self.deadline) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let page = MetricsPage(head.method, head.uri, server: server)
        let body = context.channel.allocator.buffer(string: page.text)
        var headers: HTTPHeaders = [
            "content-type": page.type, "content-length": "\(body.readableBytes)", "connection": "close",
            "cache-control": "no-store",
        ]
        if page.status == .methodNotAllowed { headers.add(name: "allow", value: "GET, HEAD") }
        let response = HTTPResponseHead(version: .http1_1, status: page.status, headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if head.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// Ends a connection that sends more than a request for metrics can need.
final class RequestBytesBound: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    static let limitBytes = 16 << 10
    private var received = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytes
        guard received <= Self.limitBytes else {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }
}
