import CacheAccess
import CacheEngine
import CacheModel
import CacheServer
import CacheStorage
import Logging
import ServiceLifecycle
import UnixSignals
import VectorSearch

/// An engine and the server in front of it, in this process.
struct ServiceProcess: Sendable {
    let settings: ServeSettings
    let engine: Engine
    let server: CacheServer
    /// Nil where no metrics are served.
    let metrics: MetricsEndpoint?
    let access: AccessControl
    let logger: Logger
    let kernel: String
    /// What was found damaged before the engine saw it.
    let finding: StoreInspection.Finding

    /// Has a child process look at the store, opens it, and makes a server that does not listen yet.
    ///
    /// - Parameter executable: of the child; nil to open the store unseen.
    /// - Throws: `CacheError`, as `Engine.open` and `CacheServer.init` do.
    static func open(
        _ settings: ServeSettings, environment: [String: String], isRestored: Bool = false, logger: Logger,
        executable: String? = Executable.path
    ) async throws(CacheError) -> ServiceProcess {
        let kernels = try Kernels(environment: environment)
        var configuration = EngineConfiguration(directory: settings.data, kernels: kernels)
        configuration.storage.durability = settings.durability
        configuration.storage.mapBytes = settings.mapBytes
        configuration.eviction = settings.eviction
        configuration.isRestored = isRestored
        let metrics = ServiceMetrics()
        configuration.metrics = metrics.registry
        if let count = settings.searchThreads { configuration.searchThreads = count }
        configuration.lookupDelayLimitMilliseconds = settings.lookupDelayMilliseconds
        var server = ServerConfiguration(listenAddresses: settings.listen)
        if settings.searchThreads == 1 { server.eventLoopThreads = 1 }
        let access = try AccessControl(
            file: settings.tokenFile, isRequired: settings.tokens != nil, clock: { .now }, logger: logger)
        server.access = access
        server.tls = settings.tls
        server.allowsPlaintext = settings.allowsPlaintext
        try server.validate()

        let (engine, finding) = try await OwnThread.run { [configuration] () throws(CacheError) in
            var finding = StoreInspection.Finding()
            if let executable { finding = try StoreInspection(executable: executable).run(configuration) }
            return (try Engine.open(configuration), finding)
        }
        do {
            let listening = try CacheServer(
                configuration: server, executor: engine, metrics: metrics, logger: logger)
            return ServiceProcess(
                settings: settings, engine: engine, server: listening,
                metrics: try settings.metricsListen.endpoint(of: listening, logger: logger), access: access,
                logger: logger, kernel: kernels.name, finding: finding)
        } catch {
            engine.close()
            throw error
        }
    }

    /// What serves until it is told to stop, and then closes the store.
    ///
    /// - Parameter stopsOnSignals: whether SIGTERM and SIGINT tell it so.
    /// - Parameter reloadsOnHangup: whether SIGHUP reads tokens and certificate again, instead of ending the process.
    /// - Parameter onListening: called once the sockets are bound, with the ports that the system chose; that of the
    ///   metrics is nil where none are served.
    func group(
        stopsOnSignals: Bool = true, reloadsOnHangup: Bool = false,
        onListening: @escaping @Sendable ([ListenAddress], _ metrics: ListenAddress?) -> Void = { _, _ in }
    ) -> ServiceGroup {
        // Shut down in the reverse order: first nobody asks any more, then the store is closed. The metrics tell how that
        // goes.
        let hangup: [ServiceGroupConfiguration.ServiceConfiguration] =
            reloadsOnHangup ? [.init(service: HangupWatch(onHangup: reload))] : []
        let endpoint = metrics.map { [ServiceGroupConfiguration.ServiceConfiguration(service: $0)] } ?? []
        return ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: hangup + endpoint + [
                    .init(service: EngineService(engine: engine)),
                    .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
                ] + watching + [
                    .init(
                        service: Announcer(server: server, metrics: metrics, onListening: onListening),
                        successTerminationBehavior: .ignore)
                ],
                gracefulShutdownSignals: stopsOnSignals ? [.sigterm, .sigint] : [], logger: quiet))
    }

    private var watching: [ServiceGroupConfiguration.ServiceConfiguration] {
        guard let credentials = server.credentials else { return [] }
        return [.init(service: CertificateWatch(credentials: credentials), successTerminationBehavior: .ignore)]
    }

    private var reload: @Sendable () -> Void {
        { [access, credentials = server.credentials] in
            access.refresh(isForced: true)
            credentials?.look(isForced: true)
        }
    }

    /// ServiceLifecycle tells of each step; what matters of them the server says itself.
    private var quiet: Logger {
        var logger = logger
        if logger.logLevel > .debug { logger.logLevel = .warning }
        return logger
    }

    /// Tells the log what was found.
    func log() {
        let opening = engine.opening
        logger.info(
            "store opened",
            metadata: [
                "data": "\(settings.data)", "entries": "\(opening.entryCount)",
                "namespaces": "\(opening.namespaceCount)",
                "new": "\(opening.isNew)", "kernel": "\(kernel)", "durability": "\(settings.durability.rawValue)",
            ])
        if let place = finding.quarantine?.directory ?? opening.quarantinedTo {
            logger.error(
                "store quarantined",
                metadata: [
                    "directory": "\(place)",
                    "reason": "\((finding.quarantine?.damage ?? opening.damage)?.description ?? "")",
                ])
        }
        if finding.hasRemovedEntries || opening.damagedEntryCount > 0 { logger.warning("damaged entries removed") }
        if opening.isFenced { logger.warning("store fenced") }
    }

    /// Lines for whoever has started the service.
    func greeting(_ addresses: [ListenAddress], _ metricsAddress: ListenAddress?) -> [String] {
        Greeting(
            addresses: addresses, isEncrypted: settings.tls != nil, metricsAreEncrypted: metrics?.isEncrypted ?? false,
            metricsAddress: metricsAddress, data: settings.data, opening: engine.opening, kernel: kernel,
            tokens: access.demandsTokens ? access.counts.tokens : nil, tokenFile: settings.tokenFile.path,
            durability: settings.durability, position: engine.position, finding: finding
        ).lines
    }
}

/// Closes the engine when nobody asks it anything any more.
private struct EngineService: Service {
    let engine: Engine

    func run() async throws {
        // A task that is cancelled ends here as well.
        try? await gracefulShutdown()
        try await OwnThread.run { () throws(CacheError) in engine.close() }
    }
}

/// Waits until the server listens.
private struct Announcer: Service {
    let server: CacheServer
    let metrics: MetricsEndpoint?
    let onListening: @Sendable ([ListenAddress], ListenAddress?) -> Void

    func run() async throws {
        // When listening fails the server says so itself, and so do the metrics.
        guard let addresses = try? await server.addresses else { return }
        do {
            onListening(addresses, try await metrics?.boundAddress)
        } catch {}
    }
}
