import CacheModel
import CacheProtocol
import NIOCore
import NIOPosix
import Synchronization

@testable import SemblanceClient

/// A server on a port of the system's choice that does what a test tells it to, over the real protocol.
final class ScriptedService: Sendable {
    /// One request, or what else a connection has to tell, as it arrived.
    struct Arrival: Sendable {
        /// Connections are counted from 1.
        let connection: Int
        let request: Request
        let identifier: UInt64
        private let channel: any Channel

        fileprivate init(connection: Int, request: Request, identifier: UInt64, channel: any Channel) {
            self.connection = connection
            self.request = request
            self.identifier = identifier
            self.channel = channel
        }

        func reply(_ reply: Reply) {
            var bytes = ByteBuffer()
            bytes.writeReply(reply, identifier: identifier)
            write(bytes)
        }

        func fail(_ code: CacheError.Code, detail: [String: String] = [:]) {
            reply(.failure(CacheError(code, "scripted", detail: detail), request.opcode))
        }

        func write(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }
        func whenClosed(_ action: @escaping @Sendable () -> Void) { channel.closeFuture.whenComplete { _ in action() } }
        func close() { channel.close(mode: .all, promise: nil) }
    }

    typealias Script = @Sendable (Arrival) -> Void

    /// What a script usually does with HELLO.
    static func greet(_ arrival: Arrival, _ change: (inout HelloReply) -> Void = { _ in }) {
        var hello = HelloReply.test
        change(&hello)
        arrival.reply(.hello(hello))
    }

    let address: ServiceAddress
    private let listener: any Channel
    private let connections: ConnectionCount

    fileprivate final class ConnectionCount: Sendable {
        private let count = Atomic(0)
        func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
        var value: Int { count.load(ordering: .relaxed) }
    }

    /// - Parameter script: called for every request, HELLO included, on the event loop of its connection.
    static func start(unixSocketPath: String? = nil, _ script: @escaping Script) async throws -> ScriptedService {
        let connections = ConnectionCount()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = Handler(connection: connections.next(), script)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        if let unixSocketPath {
            let listener = try await bootstrap.bind(unixDomainSocketPath: unixSocketPath).get()
            return ScriptedService(.unixSocket(path: unixSocketPath), listener, connections)
        }
        let listener = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        let port = listener.localAddress?.port ?? 0
        return ScriptedService(.network(host: "127.0.0.1", port: port), listener, connections)
    }

    private init(_ address: ServiceAddress, _ listener: any Channel, _ connections: ConnectionCount) {
        self.address = address
        self.listener = listener
        self.connections = connections
    }

    var connectionCount: Int { connections.value }

    func stop() async throws { try await listener.close().get() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let connection: Int
        private let script: Script
        private var decoder = FrameDecoder(expecting: .requests)
        private var unread = ByteBuffer()

        init(connection: Int, _ script: @escaping Script) {
            self.connection = connection
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            unread.writeBuffer(&bytes)
            do {
                while let frame = try decoder.next(from: &unread) {
                    let arrival = Arrival(
                        connection: connection, request: try Request(frame),
                        identifier: frame.header.requestIdentifier, channel: context.channel)
                    script(arrival)
                }
            } catch {
                context.close(promise: nil)
            }
            unread.discardReadBytes()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// Runs a test against a scripted service and closes everything after it.
func withService<Value>(
    configuration: ClientConfiguration = .test, script: @escaping ScriptedService.Script,
    _ body: (SemblanceClient, ScriptedService) async throws -> Value
) async throws -> Value {
    let service = try await ScriptedService.start(script)
    let client = try SemblanceClient(address: service.address, configuration: configuration)
    let result: Result<Value, any Error>
    do { result = .success(try await body(client, service)) } catch { result = .failure(error) }
    await client.close()
    try await service.stop()
    return try result.get()
}

extension ClientConfiguration {
    /// Quick to try again, and patient with a busy machine.
    static var test: ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.requestTimeout = .seconds(60)
        configuration.connectTimeout = .seconds(30)
        configuration.silenceLimit = .seconds(60)
        configuration.reconnectDelay = .milliseconds(1)
        configuration.reconnectDelayLimit = .milliseconds(5)
        configuration.retryWaitLimit = .seconds(5)
        configuration.randomness = SeededGenerator(seed: 5)
        return configuration
    }
}

/// Arrivals that a test takes one after the other, and answers when it likes.
final class ArrivalQueue: Sendable {
    private let stream: AsyncStream<ScriptedService.Arrival>
    private let continuation: AsyncStream<ScriptedService.Arrival>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    /// A script that greets and queues everything else.
    var script: ScriptedService.Script {
        { arrival in
            if case .hello = arrival.request {
                ScriptedService.greet(arrival)
            } else {
                self.append(arrival)
            }
        }
    }

    func append(_ arrival: ScriptedService.Arrival) { continuation.yield(arrival) }

    func next() async throws -> ScriptedService.Arrival {
        for await arrival in stream { return arrival }
        throw CancellationError()
    }

    func next(_ count: Int) async throws -> [ScriptedService.Arrival] {
        var arrivals: [ScriptedService.Arrival] = []
        for _ in 0..<count { arrivals.append(try await next()) }
        return arrivals
    }
}
