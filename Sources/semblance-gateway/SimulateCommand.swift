import ArgumentParser
import Logging
import ServiceLifecycle
import SimulatedUpstream
import UnixSignals

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run an upstream that stands in for a model, to try the gateway without a key.",
        discussion: """
            Speaks the APIs of OpenAI and Anthropic and takes as long as a model would. Every answer says that no model \
            was asked.
            """)

    @Option(help: "The port on 127.0.0.1; 0 is any free one.") var port = 8078
    @Option(help: "Milliseconds before the first word.") var firstWordMilliseconds = 400
    @Option(help: "Milliseconds for each word.") var wordMilliseconds = 25

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port is from 0 through 65535.") }
        guard (0...60_000).contains(firstWordMilliseconds), (0...10_000).contains(wordMilliseconds) else {
            throw ValidationError("--first-word-milliseconds is at most 60000, --word-milliseconds at most 10000.")
        }
    }

    func run() async throws {
        var pace = SimulatedUpstream.Pace()
        pace.firstWordMilliseconds = firstWordMilliseconds
        pace.wordMilliseconds = wordMilliseconds
        var logger = Logger(label: "semblance-gateway.simulate")
        logger.logLevel = .warning
        let upstream = SimulatedUpstream(port: port, pace: pace, logger: logger) { port in
            Terminal.output("Simulated upstream on http://127.0.0.1:\(port)/v1: no model is asked")
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: upstream)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}
