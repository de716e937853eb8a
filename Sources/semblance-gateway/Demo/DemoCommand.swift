import ArgumentParser
import FoundationEssentials
import Gateway
import GatewayCore
import Logging
import ServiceLifecycle
import SimulatedUpstream
import Synchronization
import TextEmbedding

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show a gateway at work on a few questions, step by step.",
        discussion: """
            Starts gateways of its own on free ports, and asks them over HTTP as an app would; every time and every \
            similarity shown is measured in that run. It needs a running cache, the sentence encoder \
            (scripts/fetch-model) and the weights of a matcher.

            With OPENAI_API_KEY set, OpenAI answers at OPENAI_BASE_URL: a handful of short calls. Without it a simulated \
            upstream stands in, and no model is asked.
            """)

    @Option(help: "Where the cache service is.") var cache = "127.0.0.1:7707"
    @Option(help: "The folder of the sentence encoder.") var encoder = "var/models/all-MiniLM-L6-v2"
    @Option(help: "The folder of a match model and its adapter.") var matcher = "Models/matching"
    @Option(help: "The model that is asked, with OPENAI_API_KEY set.") var model = "gpt-4o-mini"

    func run() async throws {
        let logger = Logger(label: "semblance-gateway.demo", factory: { _ in SwiftLogNoOpLogHandler() })
        do {
            let embedder = try BuiltInEmbedder(folder: encoder)
            let matcher = try Matcher(folder: matcher)
            let environment = ProcessInfo.processInfo.environment
            guard environment["OPENAI_API_KEY"].map({ !$0.isEmpty }) ?? false else {
                return try await withSimulatedUpstream(logger) { port in
                    let settings = [
                        "SEMBLANCE_GATEWAY_UPSTREAMS": "simulated", "SEMBLANCE_GATEWAY_ROUTES": "*=simulated",
                        "SEMBLANCE_GATEWAY_UPSTREAMS_SIMULATED_BASE_URL": "http://127.0.0.1:\(port)/v1",
                    ]
                    try await show(embedder, matcher, settings, isSimulated: true, logger)
                }
            }
            let names = ["OPENAI_API_KEY", "OPENAI_BASE_URL"]
            let settings = environment.filter { names.contains($0.key) }
            try await show(embedder, matcher, settings, isSimulated: false, logger)
        } catch let error as EmbeddingError {
            Terminal.error("The encoder in \(encoder) cannot be used: \(error.message)")
            Terminal.error("scripts/fetch-model gets all-MiniLM-L6-v2.")
            throw ExitCode(78)
        } catch let exit as ExitCode {
            throw exit
        } catch {
            Terminal.error("\(error)")
            throw ExitCode.failure
        }
    }

    private func withSimulatedUpstream(
        _ logger: Logger, _ body: @escaping @Sendable (_ port: Int) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let upstream = SimulatedUpstream(port: 0, logger: logger) { port.yield($0) }
        try await Self.with(upstream, logger) {
            for await number in ports { return try await body(number) }
        }
    }

    private func show(
        _ embedder: BuiltInEmbedder, _ matcher: Matcher, _ upstream: [String: String], isSimulated: Bool,
        _ logger: Logger
    ) async throws {
        let run = UInt32.random(in: 0 ... .max)
        let byCosine = try gateway(
            upstream, namespace: "demo-\(run)", ["THRESHOLD": "\(DemoTour.threshold)"], embedder, nil, logger)
        let byMeaning = try gateway(
            upstream, namespace: "demo-\(run)-matched", ["TARGET_PRECISION": "\(DemoTour.targetPrecision)"], embedder,
            matcher, logger)
        try await Self.with(byCosine, logger) {
            try await Self.with(byMeaning, logger) {
                let client = DemoClient()
                var tour = DemoTour(
                    client: client, gateway: try await byCosine.address, matching: try await byMeaning.address,
                    pairs: DemoPairs(embedder: embedder, matcher: matcher), model: isSimulated ? "simulated" : model)
                let screen = tour.screen
                screen.plain("Semblance gateway at http://\(tour.gateway), cache at \(cache), encoder \(embedder.model)")
                screen.plain(
                    isSimulated
                        ? "OPENAI_API_KEY is not set: a simulated upstream stands in, and no model is asked."
                        : "OpenAI answers, with \(model).")
                do {
                    try await tour.run()
                } catch {
                    try? await client.close()
                    throw error
                }
                try await client.close()
            }
        }
    }

    /// - Parameter target: of the default use case.
    private func gateway(
        _ upstream: [String: String], namespace: String, _ target: [String: String], _ embedder: BuiltInEmbedder,
        _ matcher: Matcher?, _ logger: Logger
    ) throws -> GatewayServer {
        var environment = upstream
        for (key, value) in target { environment["SEMBLANCE_GATEWAY_USE_CASES_DEFAULT_\(key)"] = value }
        environment["SEMBLANCE_GATEWAY_USE_CASES_DEFAULT_SEMANTIC"] = "on"
        environment["SEMBLANCE_GATEWAY_MATCHER_FOLDER"] = matcher == nil ? nil : self.matcher
        let options = [
            "listen": "127.0.0.1:0", "cache.address": cache, "cache.namespace": namespace, "encoder.folder": encoder,
            "webhooks.secrets": DemoClient.webhookSecret,
        ]
        let configuration = try GatewayConfiguration(options: options, environment: environment)
        try matcher?.check(configuration.useCases)
        return try GatewayServer(configuration, embedder: embedder, matcher: matcher, logger: logger)
    }

    /// Runs a service for as long as `body` takes.
    private static func with(
        _ service: some Service, _ logger: Logger, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let group = ServiceGroup(configuration: .init(services: [service], gracefulShutdownSignals: [], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                do {
                    try await body()
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
    }
}
