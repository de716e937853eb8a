import CacheModel
import Logging
import NIOCore
import NIOPosix

/// One address that is listened on.
struct Listener: Sendable {
    let channel: any Channel
    /// As it was bound: with the port that the system chose.
    let address: ListenAddress
    private let file: UnixSocket?

    private static let backlog: Int32 = 1_024
    /// How long accepting pauses when the process has no file descriptor left.
    private static let acceptPause = TimeAmount.milliseconds(100)

    static func bind(
        _ address: ListenAddress, group: any EventLoopGroup, services: ConnectionServices, registry: ConnectionRegistry
    ) async throws(CacheError) -> Listener {
        let bootstrap = bootstrap(address, group: group, services: services, registry: registry)
        switch address {
        case .loopback(let host, let port), .network(let host, let port):
            do {
                let channel = try await bootstrap.bind(to: SocketAddress(ipAddress: host, port: port)).get()
                let bound = address.bound(to: channel.localAddress?.port ?? port)
                return Listener(channel: channel, address: bound, file: nil)
            } catch {
                throw failure(address, error)
            }
        case .unixSocket(let path):
            let (socket, file) = try UnixSocket.bind(path)
            do {
                // The socket is the bootstrap's from here on, also when it fails.
                let channel = try await bootstrap.withBoundSocket(socket).get()
                return Listener(channel: channel, address: address, file: file)
            } catch {
                file.remove()
                throw failure(address, error)
            }
        }
    }

    /// Waits until nothing is accepted any more, or the task is cancelled.
    func untilClosed() async {
        let closed = channel.closeFuture
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        closed.whenComplete { _ in continuation.finish() }
        for await _ in stream {}
    }

    /// Stops accepting.
    func close() async {
        try? await channel.close()
        file?.remove()
    }

    private static func failure(_ address: ListenAddress, _ error: any Error) -> CacheError {
        CacheError(.invalidConfiguration, "cannot listen there: \(error)", detail: ["address": address.description])
    }

    private static func bootstrap(
        _ address: ListenAddress, group: any EventLoopGroup, services: ConnectionServices, registry: ConnectionRegistry
    ) -> ServerBootstrap {
        let credentials = address.isEncryptable ? services.credentials : nil
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = AcceptPause(pause: acceptPause, logger: services.logger)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark, value: ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try connection(
                        channel, isEncrypted: credentials != nil, services: services, registry: registry)
                    let pipeline = channel.pipeline.syncOperations
                    if let credentials {
                        try pipeline.addHandler(credentials.handler())
                        try pipeline.addHandler(services.handshakeWatch(on: channel.eventLoop))
                    }
                    try pipeline.addHandler(handler)
                }
            }
    }

    /// - Throws: what a connection with TLS is refused for. One without is told; this one would have to shake hands
    ///   first, and is closed instead.
    private static func connection(
        _ channel: any Channel, isEncrypted: Bool, services: ConnectionServices, registry: ConnectionRegistry
    ) throws(CacheError) -> ConnectionHandler {
        let counters = services.counters(of: channel.eventLoop)
        do throws(CacheError) {
            try registry.add(channel)
            counters.update { $0.connectionsAccepted += 1 }
            channel.closeFuture.whenComplete { _ in counters.update { $0.connectionsClosed += 1 } }
            return ConnectionHandler(services: services, eventLoop: channel.eventLoop, isEncrypted: isEncrypted)
        } catch {
            counters.update { $0.connectionsRefused += 1 }
            if isEncrypted { throw error }
            return ConnectionHandler(services: services, eventLoop: channel.eventLoop, refusal: error)
        }
    }
}
