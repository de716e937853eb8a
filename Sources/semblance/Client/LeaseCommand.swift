import ArgumentParser
import CacheModel
import SemblanceClient

struct LeaseCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "lease", abstract: "Take a lease, before reading the data that an answer is built from.")

    @Option(help: "A source whose state is to be shown; repeatable.") var source: [String] = []
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let (lease, states) = try await service.lease(in: try namespace.resolved(), sources: source)
        let lines = zip(source, states).map { source, state in "  \(SourceText.line(source, state))" }
        return CommandOutput(
            [lease.description] + lines,
            json: .fields([
                "lease": .text(lease.description), "position": .text(lease.position.description),
                "sources": .array(zip(source, states).map(SourceText.json)),
            ]))
    }
}

/// What is known of a source.
enum SourceText {
    static func line(_ source: String, _ state: SourceState) -> String {
        guard state.lastSequence > 0 else { return "\(source) was never announced" }
        let suffix = DependencyText.suffix(state.version)
        let version = suffix.isEmpty ? " in a state that nobody named" : suffix
        return "\(source)\(version), changed at sequence \(state.lastSequence)"
    }

    static func json(_ source: String, _ state: SourceState) -> JSONText {
        .fields([
            "source": .text(source), "current": .text(source + DependencyText.suffix(state.version)),
            "lastSequence": .unsigned(state.lastSequence),
        ])
    }
}
