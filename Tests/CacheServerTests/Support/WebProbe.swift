import CacheServer
import NIOCore
import NIOPosix

/// Sends bytes and reads everything until the other end closes.
enum WebProbe {
    /// A response, as text.
    static func get(_ path: String, at address: ListenAddress, method: String = "GET") async throws -> String {
        try await send("\(method) \(path) HTTP/1.1\r\nhost: localhost\r\n\r\n", to: address)
    }

    static func send(_ text: String, to address: ListenAddress) async throws -> String {
        guard case .loopback(let host, let port) = address else { return "" }
        let group = MultiThreadedEventLoopGroup.singleton
        let promise = group.next().makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(promise))
                }
            }
            .connect(host: host, port: port).get()
        // The other end may have had enough before everything is sent.
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        return try await promise.futureResult.get()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var text = ""
        private let promise: EventLoopPromise<String>

        init(_ promise: EventLoopPromise<String>) { self.promise = promise }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { text += String(buffer: unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { promise.succeed(text) }
        // A reset ends the connection, too.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
