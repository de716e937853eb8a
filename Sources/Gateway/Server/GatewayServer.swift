import AsyncHTTPClient
package import CacheModel
package import GatewayCore
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The gateway: an HTTP server in front of upstreams and the cache service.
///
///     let server = try GatewayServer(configuration, logger: logger)
///     try await server.run()      // or in a ServiceGroup
package final class GatewayServer: Service {
    package let counters = GatewayCounters()
    private let configuration: GatewayConfiguration
    private let embedder: (any PromptEmbedder)?
    private let matcher: Matcher?
    private let logger: Logger
    private let cacheClients: CacheClients
    private let bound = BoundAddress()

    /// - Parameters:
    ///   - embedder: nil for the one that the configuration names, if it is a server.
    ///   - matcher: judges candidates behind the guards, and adapts embeddings; nil for guards alone.
    /// - Throws: `CacheError` for a cache address that makes no sense.
    package init(
        _ configuration: GatewayConfiguration, embedder: (any PromptEmbedder)? = nil,
        matcher: Matcher? = nil, logger: Logger
    ) throws(CacheError) {
        self.configuration = configuration
        self.embedder = embedder
        self.matcher = matcher
        self.logger = logger
        cacheClients = try CacheClients(configuration.cache)
    }

    /// Where it listens, with the port that the system chose; waits until it does.
    ///
    /// - Throws: what `run` throws when it ends without having listened.
    package var address: ServiceLocation {
        get async throws { try await bound.value }
    }

    /// Listens and serves until the task is cancelled or a graceful shutdown begins. Call it once.
    package func run() async throws {
        let upstreamClient = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: UpstreamClient.configuration)
        do {
            try await serve(upstreamClient)
            bound.fail(CancellationError())
        } catch {
            bound.fail(error)
            try? await upstreamClient.shutdown()
            await cacheClients.close()
            throw error
        }
        try? await upstreamClient.shutdown()
        await cacheClients.close()
    }

    private func serve(_ upstreamClient: HTTPClient) async throws {
        let disconnects = DisconnectRegistry()
        let responder = GatewayResponder(
            endpoints(upstreamClient), bounds: configuration.bounds, disconnects: disconnects, counters: counters,
            logger: logger)
        let address: BindAddress =
            switch configuration.listen {
            case .network(let host, let port): .hostname(host, port: port)
            case .unixSocket(let path): .unixDomainSocket(path: path)
            }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [DisconnectHandler(disconnects)], idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(address: address, backlog: 1_024),
            onServerRunning: { [bound, configuration, logger] channel in
                let location = ServiceLocation(configuration.listen, port: channel.localAddress?.port)
                logger.info("Gateway listens", metadata: ["address": "\(location)"])
                bound.succeed(location)
            },
            logger: quiet)
        try await application.run()
    }

    /// How long a connection may stay without a request.
    private static let idleTimeout = TimeAmount.seconds(120)

    private func endpoints(_ upstreamClient: HTTPClient) -> Endpoints {
        let cache = CacheGateway(
            clients: cacheClients, timeoutMilliseconds: configuration.cache.timeoutMilliseconds,
            breaker: configuration.breaker)
        var policy = configuration.policy
        policy.hasEncoder = embedder != nil || configuration.encoder.isRemote
        let upstreams = UpstreamClient(
            upstreamClient, retries: configuration.retries, breaker: configuration.breaker, logger: logger)
        let store = AnswerStore(cache: cache, counters: counters, logger: logger)
        let model = ModelEndpoint(
            cache: cache, embedder: adapted(embedder ?? remoteEmbedder(upstreamClient)),
            judge: CandidateJudge(model: matcher?.model), flights: FlightBoard(),
            run: UpstreamRun(upstreams: upstreams, store: store, counters: counters, logger: logger),
            counters: counters)
        let builtIn = embedder as? BuiltInEmbedder
        return Endpoints(
            policy: policy, routes: configuration.routes, model: model,
            embeddings: builtIn.map { EmbeddingsEndpoint(encoder: $0, policy: policy, counters: counters) },
            models: ModelListEndpoint(configuration.routes, encoder: builtIn?.model),
            lease: LeaseEndpoint(cache: cache, policy: policy),
            invalidations: InvalidationEndpoint(cache, configuration.webhooks, counters: counters, logger: logger),
            status: StatusEndpoint(cache: cache, counters: counters), welcome: WelcomePage(configuration))
    }

    private func adapted(_ embedder: (any PromptEmbedder)?) -> (any PromptEmbedder)? {
        embedder.map { matcher?.adapted($0) ?? $0 }
    }

    private func remoteEmbedder(_ client: HTTPClient) -> (any PromptEmbedder)? {
        guard case .remote(let settings) = configuration.encoder else { return nil }
        return RemoteEmbedder(settings, client: client, breaker: configuration.breaker)
    }
}

extension GatewayConfiguration.Encoder {
    fileprivate var isRemote: Bool {
        if case .remote = self { return true }
        return false
    }
}

extension ServiceLocation {
    /// With the port that the system chose.
    fileprivate init(_ configured: ServiceLocation, port: Int?) {
        if case .network(let host, _) = configured, let port {
            self = .network(host: host, port: port)
        } else {
            self = configured
        }
    }
}
