import CacheModel
import CacheProtocol
import CacheServer
import NIOCore
import NIOPosix

/// A client that sends bytes and reads frames, and nothing else.
final class TestClient: Sendable {
    let channel: any Channel
    private let frames: AsyncStream<Frame>

    init(_ address: ListenAddress) async throws {
        let (frames, continuation) = AsyncStream<Frame>.makeStream()
        self.frames = frames
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FrameCollector(continuation))
                }
            }
        channel =
            switch address {
            case .loopback(let host, let port): try await bootstrap.connect(host: host, port: port).get()
            case .unixSocket(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
            }
    }

    static func greeted(_ address: ListenAddress) async throws -> TestClient {
        let client = try await TestClient(address)
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

private final class FrameCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private var decoder = FrameDecoder(expecting: .replies)
    private var bytes = ByteBuffer()
    private let frames: AsyncStream<Frame>.Continuation

    init(_ frames: AsyncStream<Frame>.Continuation) { self.frames = frames }

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
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
