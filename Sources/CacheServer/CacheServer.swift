import CacheMetrics
package import CacheModel
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The service's end of the protocol: listens, and answers from an engine.
///
///     let server = try CacheServer(configuration: configuration, executor: engine, logger: logger)
///     try await server.run()      // or in a ServiceGroup; ends after a graceful shutdown
///     engine.close()              // afterwards: what is in flight is still answered from it
package final class CacheServer: Service {
    private let configuration: ServerConfiguration
    private let executor: any RequestExecutor
    private let metrics: ServiceMetrics
    /// Nil without TLS.
    package let credentials: TLSCredentials?
    private let logger: Logger
    private let bound = BoundAddresses()
    private let progress = Mutex(Progress())

    /// How often the server looks whether tokens have changed.
    private static let accessInterval = Duration.seconds(1)

    private struct Progress {
        var phase = ServerPhase.starting
        /// Nil until it listens.
        var services: ConnectionServices?
    }

    /// - Parameter metrics: where the times of requests go; the engine records in its registry, too.
    /// - Throws: `invalidConfiguration`, also for a certificate and a key that cannot be used.
    package init(
        configuration: ServerConfiguration, executor: any RequestExecutor,
        metrics: ServiceMetrics = ServiceMetrics(), logger: Logger
    ) throws(CacheError) {
        try configuration.validate()
        self.configuration = configuration
        self.executor = executor
        self.metrics = metrics
        credentials = try configuration.tls.map { files throws(CacheError) in
            try TLSCredentials(files: files, shutdownTimeout: configuration.deadlines.linger, logger: logger)
        }
        self.logger = logger
    }

    /// The addresses as they were bound, with the ports that the system chose; waits until the server listens.
    ///
    /// - Throws: what `run` throws when it ends without having listened.
    package var addresses: [ListenAddress] {
        get async throws { try await bound.value }
    }

    package var exposure: ExposureRule { configuration.exposure }

    /// Whether it listens, is not about to stop, and the engine can answer.
    package var readiness: ServiceReadiness {
        switch progress.withLock(\.phase) {
        case .starting: .notReady("starting")
        case .serving: executor.isServing ? .ready : .notReady("the store is being opened anew")
        case .draining: .notReady("draining")
        case .stopped: .notReady("stopped")
        }
    }

    /// The metrics as Prometheus reads them, as of now.
    package var exposition: String {
        if let services = progress.withLock(\.services) { metrics.publish(services.statistics(now: .now())) }
        return metrics.registry.exposition
    }

    /// Listens and serves until the task is cancelled or a graceful shutdown begins. Call it once.
    ///
    /// On a graceful shutdown nothing more is accepted, new requests are answered `shutting-down`, requests in flight
    /// are answered, and connections close, all within `ServerDeadlines.drain`. A cancelled task cuts connections off.
    ///
    /// - Throws: `invalidConfiguration` when an address cannot be listened on.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopThreads)
        do {
            try await serve(group)
        } catch {
            bound.fail(error)
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    private func serve(_ group: MultiThreadedEventLoopGroup) async throws {
        let services = ConnectionServices(
            executor: executor, limits: configuration.limits, deadlines: configuration.deadlines,
            eventLoops: Array(group.makeIterator()), startedAt: .now(), access: configuration.access,
            metrics: metrics, credentials: credentials, logger: logger)
        let registry = ConnectionRegistry(limit: configuration.limits.connections)
        var listeners: [Listener] = []
        do {
            for address in configuration.listenAddresses {
                listeners.append(
                    try await Listener.bind(address, group: group, services: services, registry: registry))
            }
        } catch {
            for listener in listeners { await listener.close() }
            throw error
        }
        for listener in listeners { logger.info("listening", metadata: ["address": "\(listener.address)"]) }
        progress.withLock { $0 = Progress(phase: .serving, services: services) }
        bound.succeed(listeners.map(\.address))

        let watch = configuration.access.map { control in
            Task { await AccessWatch(control: control, interval: Self.accessInterval).run() }
        }
        defer { watch?.cancel() }
        let reason = await untilStopped(listeners)
        progress.withLock { $0.phase = .draining }
        for listener in listeners { await listener.close() }
        if reason != .cancelled { await drain(registry) }
        registry.closeAll()
        await registry.emptied()
        progress.withLock { $0.phase = .stopped }
        logger.info("stopped")
        if case .listeningFailed(let address) = reason {
            throw CacheError(.internalError, "listening failed", detail: ["address": address.description])
        }
    }

    private enum StopReason: Hashable {
        case gracefulShutdown
        case cancelled
        /// A socket failed for good.
        case listeningFailed(ListenAddress)
    }

    private func untilStopped(_ listeners: [Listener]) async -> StopReason {
        await withTaskGroup(of: StopReason.self) { group in
            group.addTask {
                do {
                    try await gracefulShutdown()
                    return .gracefulShutdown
                } catch {
                    return .cancelled
                }
            }
            for listener in listeners {
                group.addTask {
                    await listener.untilClosed()
                    return .listeningFailed(listener.address)
                }
            }
            // The others end as they are cancelled.
            let reason = await group.next() ?? .cancelled
            group.cancelAll()
            return Task.isCancelled ? .cancelled : reason
        }
    }

    private func drain(_ registry: ConnectionRegistry) async {
        logger.info("draining", metadata: ["connections": "\(registry.count)"])
        registry.drain()
        let deadline = configuration.deadlines.drain
        let cutOff = Task {
            try await Task.sleep(for: deadline)
            registry.closeAll()
        }
        await registry.emptied()
        cutOff.cancel()
    }
}
