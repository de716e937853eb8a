import ArgumentParser
import Gateway
import GatewayCore
import Logging
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the gateway.",
        discussion: """
            Options come before environment variables, variables before the file. Without any of them the gateway \
            sends everything to OpenAI and Anthropic with the keys in OPENAI_API_KEY and ANTHROPIC_API_KEY.

            Control-C or SIGTERM stops it in an orderly way: what was asked is answered.
            """)

    @OptionGroup var options: GatewayOptions
    @Option(
        help: "trace, debug, info, notice, warning, error or critical, on standard error. (default: info)",
        transform: level)
    var logLevel = Logger.Level.info

    @Sendable private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }

    func run() async throws {
        let configuration = try options.readConfiguration()
        LoggingSystem.bootstrap { [logLevel] label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = logLevel
            return handler
        }
        let logger = Logger(label: "semblance-gateway")
        let models = try ModelFiles(configuration)
        let server = try GatewayServer(
            configuration, embedder: models.embedder, matcher: models.matcher, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        async let greeting: Void = greet(server)
        try await group.run()
        _ = await greeting
    }

    private func greet(_ server: GatewayServer) async {
        guard let address = try? await server.address else { return }
        Terminal.output("Semblance gateway on http://\(address)")
        Terminal.output("  export OPENAI_BASE_URL=http://\(address)/v1")
    }
}
