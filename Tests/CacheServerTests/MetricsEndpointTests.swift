import CacheEngine
import CacheModel
import CacheServer
import Logging
import ServiceLifecycle
import Testing

@Suite struct MetricsEndpointTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` beside an endpoint on a free port.
    private func withEndpoint(
        of server: CacheServer, at address: ListenAddress = .loopback(host: "127.0.0.1", port: 0),
        isRequired: Bool = true, _ body: (ListenAddress?) async throws -> Void
    ) async throws {
        let endpoint = try MetricsEndpoint(
            address: address, isRequired: isRequired, server: server, logger: Self.logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await endpoint.run() }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(try await endpoint.boundAddress))
            } catch {
                result = .failure(error)
            }
            tasks.cancelAll()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    private func server(_ executor: FakeExecutor = FakeExecutor()) throws -> CacheServer {
        let configuration = ServerConfiguration(listenAddresses: [.loopback(host: "127.0.0.1", port: 0)])
        return try CacheServer(configuration: configuration, executor: executor, logger: Self.logger)
    }

    @Test func metricsAndHealthAreAnsweredAndTheConnectionCloses() async throws {
        try await withEndpoint(of: try server()) { address in
            let address = try #require(address)
            let metrics = try await WebProbe.get("/metrics", at: address)
            #expect(metrics.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(metrics.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(metrics.contains("\n# TYPE semblance_stage_seconds histogram\n"))
            let health = try await WebProbe.get("/healthz?verbose", at: address)
            #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n") && health.hasSuffix("\r\n\r\nok\n"))
            let head = try await WebProbe.get("/healthz", at: address, method: "HEAD")
            #expect(head.contains("content-length: 3\r\n") && head.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func whatElseIsAskedIsRefused() async throws {
        try await withEndpoint(of: try server()) { address in
            let address = try #require(address)
            #expect(try await WebProbe.get("/", at: address).hasPrefix("HTTP/1.1 404 "))
            let post = try await WebProbe.get("/metrics", at: address, method: "POST")
            #expect(post.hasPrefix("HTTP/1.1 405 ") && post.contains("allow: GET, HEAD\r\n"))
            #expect(try await WebProbe.send("nonsense\r\n\r\n", to: address).hasPrefix("HTTP/1.1 400 "))
            let long = String(repeating: "x-filler: 0123456789\r\n", count: 10_000)
            let answer = try await WebProbe.send("GET /metrics HTTP/1.1\r\n" + long + "\r\n", to: address)
            #expect(!answer.hasPrefix("HTTP/1.1 200"))
            #expect(try await WebProbe.get("/healthz", at: address).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func aServiceIsReadyWhileItListensAndItsStoreIsOpen() async throws {
        let executor = FakeExecutor()
        let server = try server(executor)
        try await withEndpoint(of: server) { address in
            let address = try #require(address)
            let before = try await WebProbe.get("/readyz", at: address)
            #expect(before.hasPrefix("HTTP/1.1 503 ") && before.hasSuffix("\r\n\r\nstarting\n"))
            let running = Task { try await server.run() }
            _ = try await server.addresses
            #expect(try await WebProbe.get("/readyz", at: address).hasPrefix("HTTP/1.1 200 "))
            executor.set(isServing: false)
            let reopening = try await WebProbe.get("/readyz", at: address)
            #expect(reopening.hasPrefix("HTTP/1.1 503 ") && reopening.contains("opened anew"))
            executor.set(isServing: true)
            running.cancel()
            try await running.value
            #expect(try await WebProbe.get("/readyz", at: address).hasSuffix("\r\n\r\nstopped\n"))
        }
    }

    @Test func aServiceThatDrainsIsNotReady() async throws {
        let executor = FakeExecutor()
        let server = try server(executor)
        let group = ServiceGroup(
            services: [server], gracefulShutdownSignals: [], cancellationSignals: [], logger: Self.logger)
        let running = Task { try await group.run() }
        let client = try await TestClient.greeted(try #require(try await server.addresses.first))
        try await client.send((2, .lookup()))
        var submissions: [FakeExecutor.Submission] = []
        while submissions.isEmpty {
            submissions = executor.take()
            await Task.yield()
        }
        await group.triggerGracefulShutdown()
        while server.readiness == .ready { await Task.yield() }
        #expect(server.readiness == .notReady("draining"))
        submissions[0].answer(.lookup([.miss]))
        try await running.value
        #expect(server.readiness == .notReady("stopped"))
    }

    @Test func anAddressThatIsTakenIsAFailureOnlyWhereItIsRequired() async throws {
        let server = try server()
        try await withEndpoint(of: server) { taken in
            let taken = try #require(taken)
            try await withEndpoint(of: server, at: taken, isRequired: false) { #expect($0 == nil) }
            await #expect(throws: CacheError.self) {
                try await withEndpoint(of: server, at: taken) { _ in Issue.record("it was bound twice") }
            }
        }
    }
}
