import CacheModel
import CacheProtocol
import CacheServer
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A client that sends bytes and reads frames, and nothing else.
final class TestClient: Sendable {
    let channel: any Channel
    private let frames: AsyncStream<Frame>
    /// Whether TLS ended without saying so.
    private let truncated: Truncated

    var isTruncated: Bool { truncated.flag.load(ordering: .relaxed) }

    /// - Parameter tls: to encrypt the connection.
    init(_ address: ListenAddress, tls: NIOSSLContext? = nil) async throws {
        let (frames, continuation) = AsyncStream<Frame>.makeStream()
        let truncated = Truncated()
        self.frames = frames
        self.truncated = truncated
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil)) }
                    try pipeline.addHandler(FrameCollector(continuation, truncated))
                }
            }
        channel =
            switch address {
            case .loopback(let host, let port), .network(let host, let port):
                try await bootstrap.connect(host: host, port: port).get()
            case .unixSocket(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
            }
    }

    static func greeted(_ address: ListenAddress, tls: NIOSSLContext? = nil) async throws -> TestClient {
        let client = try await TestClient(address, tls: tls)
        _ = try await client.ask(.hello(HelloRequest(clientName: "test")), 1)
        return client
    }

    func send(_ requests: (UInt64, Request)...) async throws {
        var bytes = ByteBuffer()
        for (identifier, request) in requests { try bytes.writeRequest(request, identifier: identifier) }
        try await send(bytes: bytes)
    }

    func send(bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }

    /// The next reply; nil when the server has closed its side.
    func reply() async throws -> (identifier: UInt64, reply: Reply)? {
        for await frame in frames { return (frame.header.requestIdentifier, try Reply(frame)) }
        return nil
    }

    /// Sends one request and takes the next reply as its own.
    func ask(_ request: Request, _ identifier: UInt64 = 99) async throws -> Reply? {
        try await send((identifier, request))
        return try await reply()?.reply
    }

    func close() async throws { try await channel.close() }
}

private final class Truncated: Sendable {
    let flag = Atomic(false)
}

private final class FrameCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var decoder = FrameDecoder(expecting: .replies)
    private var bytes = ByteBuffer()
    private let frames: AsyncStream<Frame>.Continuation

    private let truncated: Truncated

    init(_ frames: AsyncStream<Frame>.Continuation, _ truncated: Truncated) {
        self.frames = frames
        self.truncated = truncated
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error as? NIOSSLError == .uncleanShutdown { truncated.flag.store(true, ordering: .relaxed) }
        frames.finish()
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var new = unwrapInboundIn(data)
        bytes.writeBuffer(&new)
        do {
            while let frame = try decoder.next(from: &bytes) { frames.yield(frame) }
        } catch {
            frames.finish()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { frames.finish() }
    }

    func channelInactive(context: ChannelHandlerContext) { frames.finish() }
}
