import AsyncHTTPClient
import CacheEngine
import CacheModel
import CacheServer
import CacheStorage
import Foundation
import Gateway
import GatewayCore
import Logging
import NIOCore
import NIOHTTP1
import SemblanceClient
import ServiceLifecycle
import VectorSearch

/// A gateway on a free port, before a fake upstream and a real cache service with a folder of its own.
struct RunningGateway: Sendable {
    let port: Int
    let upstream: FakeUpstream
    let server: GatewayServer
    let http: HTTPClient
    /// Speaks with the cache behind the gateway's back; nil where there is none.
    let cache: SemblanceClient?
    private let group: ServiceGroup

    /// The gateway, and the cache after it.
    func beginShutdown() async { await group.triggerGracefulShutdown() }

    /// - Parameters:
    ///   - options: of the gateway's configuration, by their keys.
    ///   - hasCache: whether there is a cache service at all.
    ///   - cacheAccess: who is let in by the cache service; everybody without it.
    static func with(
        options: [String: String] = [:], hasCache: Bool = true, cacheAccess: AccessControl? = nil, embedder: (any PromptEmbedder)? = nil,
        matcher: Matcher? = nil, script: @escaping FakeUpstream.Script,
        _ body: (RunningGateway) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "semblance-gateway-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let engine = hasCache ? try engine(in: folder) : nil
        defer { engine?.close() }
        let cacheServer = try engine.map { engine in
            var configuration = ServerConfiguration(
                listenAddresses: [.unixSocket(path: folder.appending(path: "s").path)])
            configuration.access = cacheAccess
            return try CacheServer(configuration: configuration, executor: engine, logger: logger)
        }
        let upstream = try await FakeUpstream.start(script)
        var all = [
            "listen": "127.0.0.1:0", "cache.address": "unix:\(folder.appending(path: "s").path)",
            // A busy machine is no reason for a bypass here.
            "cache.timeout": "10s", "upstreams.fake.base-url": "http://127.0.0.1:\(upstream.port)/v1",
            "retries.attempts": "1",
        ]
        all.merge(options) { _, given in given }
        let configuration = try GatewayConfiguration(file: Self.file, options: all)
        let server = try GatewayServer(configuration, embedder: embedder, matcher: matcher, logger: logger)
        let services: [any Service] = (cacheServer.map { [$0] } ?? []) + [server]
        let group = ServiceGroup(
            configuration: .init(services: services, gracefulShutdownSignals: [], logger: logger))
        let http = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: Self.clientConfiguration)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var failure: (any Error)?
            do {
                let client = hasCache ? try Self.client(of: folder) : nil
                _ = try await cacheServer?.addresses
                guard case .network(_, let port) = try await server.address else { throw Unexpected() }
                try await body(
                    RunningGateway(
                        port: port, upstream: upstream, server: server, http: http, cache: client, group: group))
                await client?.close()
            } catch {
                failure = error
            }
            await upstream.stop()
            try? await http.shutdown()
            await group.triggerGracefulShutdown()
            if failure != nil { tasks.cancelAll() }
            do {
                try await tasks.waitForAll()
            } catch {
                failure = failure ?? error
            }
            if let failure { throw failure }
        }
    }

    struct Unexpected: Error {}

    private static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 2_000
        return configuration
    }

    private static func client(of folder: URL) throws -> SemblanceClient {
        try SemblanceClient(address: .unixSocket(path: folder.appending(path: "s").path))
    }

    private static func engine(in folder: URL) throws -> Engine {
        var configuration = EngineConfiguration(
            directory: folder.appending(path: "data").path, kernels: try Kernels(environment: [:]))
        configuration.searchThreads = 1
        configuration.storage.durability = .relaxed
        configuration.storage.mapBytes = 64 << 20
        return try Engine.open(configuration)
    }

    /// The upstream and its route; everything else comes as options.
    private static let file = ConfigurationNode(
        .mapping([
            .init("upstreams", ConfigurationNode(.mapping([.init("fake", ConfigurationNode(.empty))]))),
            .init("routes", ConfigurationNode(.mapping([.init("*", ConfigurationNode(.text("fake")))]))),
            .init(
                "webhooks",
                ConfigurationNode(
                    .mapping([.init("secrets", ConfigurationNode(.list([ConfigurationNode(.text(Self.secret))])))]))),
        ]))

    /// 32 bytes that everybody knows.
    static let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    // MARK: Asking

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: [UInt8]
        /// Whether the body ended as HTTP has it.
        var isWhole = true

        var text: String { String(decoding: body, as: UTF8.self) }
        subscript(name: String) -> String? { headers.first(name: name) }
        /// `x-semblance-cache`.
        var cache: String? { headers.first(name: "x-semblance-cache") }
        var code: String? {
            let error = (try? JSONDocument(body, limits: .answer))?.root["error"]
            return error?["code"]?.stringValue
        }
    }

    /// - Parameter waitsForStoring: so that the next request finds what this one has stored.
    func post(
        _ api: ModelAPI, _ body: String, _ headers: [(String, String)] = [], waitsForStoring: Bool = true
    ) async throws -> Answer {
        let wait = waitsForStoring ? [("x-semblance-wait", "stored")] : []
        return try await send("POST", api.path, body: Array(body.utf8), wait + headers)
    }

    func send(
        _ method: String, _ path: String, body: [UInt8]? = nil, _ headers: [(String, String)] = []
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = HTTPMethod(rawValue: method)
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await http.execute(request, timeout: .seconds(60))
        var answer = Answer(status: Int(response.status.code), headers: response.headers, body: [])
        do {
            for try await buffer in response.body { answer.body += buffer.readableBytesView }
        } catch {
            answer.isWhole = false
        }
        return answer
    }
}
