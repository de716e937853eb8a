package import CacheModel
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization

/// `/metrics`, `/healthz` and `/readyz` over HTTP, on a thread of its own. It outlives the server, so that it can be
/// seen draining. Where other machines can reach it, it speaks TLS if the server does, but asks for no certificate.
package final class MetricsEndpoint: Service {
    private let address: ListenAddress
    private let isRequired: Bool
    private let server: CacheServer
    private let logger: Logger
    private let bound = BoundAddresses()

    /// Whoever reads metrics has one connection or two.
    private static let connectionLimit = 64

    /// - Parameter isRequired: whether it is a failure of the service when the address is taken, or only a warning.
    /// - Throws: `invalidConfiguration` for a Unix socket, or an address that the server's rules do not allow.
    package init(
        address: ListenAddress, isRequired: Bool, server: CacheServer, logger: Logger
    ) throws(CacheError) {
        if case .unixSocket = address {
            throw CacheError(.invalidConfiguration, "metrics are served on a port, not on a Unix socket")
        }
        try server.exposure.checkMetrics(address)
        self.address = address
        self.isRequired = isRequired
        self.server = server
        self.logger = logger
    }

    /// As it was bound; nil when the address was taken and that is only a warning. Waits until that is known.
    package var boundAddress: ListenAddress? {
        get async throws { try await bound.value.first }
    }

    /// Answers until the service has stopped.
    ///
    /// - Throws: `invalidConfiguration` when the address cannot be listened on.
    package func run() async throws {
        let host: String
        let port: Int
        switch address {
        case .loopback(let named, let number), .network(let named, let number): (host, port) = (named, number)
        case .unixSocket: return
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let channel = try await bootstrap(group).bind(to: SocketAddress(ipAddress: host, port: port)).get()
            let address = address.bound(to: channel.localAddress?.port ?? port)
            logger.info("serving metrics", metadata: ["address": "\(address)"])
            bound.succeed([address])
            try? await gracefulShutdown()
            try? await channel.close()
        } catch {
            let failure = CacheError(
                .invalidConfiguration, "cannot serve metrics there: \(error)",
                detail: ["address": address.description])
            guard !isRequired else {
                bound.fail(failure)
                try? await group.shutdownGracefully()
                throw failure
            }
            logger.warning(
                "metrics are not served", metadata: ["address": "\(address)", "reason": "\(error)"])
            bound.succeed([])
            try? await gracefulShutdown()
        }
        try await group.shutdownGracefully()
    }

    /// Whether TLS is spoken. On loopback addresses it is not: whoever looks after the process from the same machine
    /// needs no authority to trust.
    package var isEncrypted: Bool {
        if case .network = address { return server.credentials != nil }
        return false
    }

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        let credentials = isEncrypted ? server.credentials : nil
        let open = ConnectionCount()
        let server = server
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                let count = open.value.add(1, ordering: .relaxed).newValue
                channel.closeFuture.whenComplete { _ in open.value.subtract(1, ordering: .relaxed) }
                guard count <= Self.connectionLimit else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let credentials { try pipeline.addHandler(credentials.handler(isAnonymous: true)) }
                    try pipeline.addHandler(RequestBytesBound())
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(MetricsRequestHandler(server: server))
                }
            }
    }

    private final class ConnectionCount: Sendable {
        let value = Atomic<Int>(0)
    }
}
