import CacheModel
import CacheServer
import Foundation
import Logging
import SemblanceClient
import ServiceLifecycle
import Testing

@testable import semblance

/// A service in this process, at a socket of its own, gone after `body`.
enum ServiceHarness {
    static func withService<Value: Sendable>(
        in folder: TemporaryFolder, _ configure: (inout ServeSettings) throws -> Void = { _ in },
        _ body: @Sendable (_ address: String, _ client: SemblanceClient) async throws -> Value
    ) async throws -> Value {
        var settings = ServeSettings()
        settings.listen = [.loopback(host: "127.0.0.1", port: 0)]
        settings.metricsListen = .off
        settings.data = folder.file("store")
        settings.mapBytes = 1 << 30
        settings.searchThreads = 1
        try configure(&settings)
        let logger = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })
        let service = try await ServiceProcess.open(settings, environment: [:], logger: logger, executable: nil)
        let group = service.group(stopsOnSignals: false)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let result: Result<Value, any Error>
            do {
                let address = try #require(try await service.server.addresses.first).description
                let client = try SemblanceClient(address: try ServiceAddress(parsing: address))
                result = .success(try await body(address, client))
                await client.close()
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }
}
