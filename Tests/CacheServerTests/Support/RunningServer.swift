import CacheEngine
import CacheModel
import CacheServer
import CacheStorage
import Foundation
import Logging
import ServiceLifecycle
import VectorSearch

/// A server on a free port and on a Unix socket in a folder of its own.
struct RunningServer: Sendable {
    let addresses: [ListenAddress]
    let folder: URL
    let server: CacheServer
    private let group: ServiceGroup

    var tcp: ListenAddress { addresses[0] }
    var unix: ListenAddress { addresses[1] }

    func beginShutdown() async { await group.triggerGracefulShutdown() }

    /// Runs `body` beside a server with an engine of its own.
    static func with(
        _ configure: (inout ServerConfiguration) -> Void = { _ in }, logger: Logger? = nil,
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = EngineConfiguration(
            directory: folder.appending(path: "data").path, kernels: try Kernels(environment: [:]))
        configuration.searchThreads = 1
        configuration.storage.durability = .relaxed
        configuration.storage.mapBytes = 64 << 20
        let engine = try Engine.open(configuration)
        defer { engine.close() }
        try await with(executor: engine, folder: folder, configure, logger, body)
    }

    static func with(
        executor: any RequestExecutor, _ configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try await with(executor: executor, folder: folder, configure, nil, body)
    }

    private static func with(
        executor: any RequestExecutor, folder: URL, _ configure: (inout ServerConfiguration) -> Void,
        _ logger: Logger?, _ body: (RunningServer) async throws -> Void
    ) async throws {
        var configuration = ServerConfiguration(listenAddresses: [
            .loopback(host: "127.0.0.1", port: 0), .unixSocket(path: folder.appending(path: "s").path),
        ])
        configure(&configuration)
        let logger = logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try CacheServer(configuration: configuration, executor: executor, logger: logger)
        let group = ServiceGroup(
            services: [server], gracefulShutdownSignals: [], cancellationSignals: [], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(
                    RunningServer(addresses: try await server.addresses, folder: folder, server: server, group: group))
            } catch {
                tasks.cancelAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "semblance-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
