import ArgumentParser
import CacheModel
import SemblanceClient

struct InvalidateCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "invalidate", abstract: "Tell that a source has changed.",
        discussion: """
            Once it is acknowledged, no lookup is answered from older data.

              semblance invalidate kb/refunds@42               the source has reached version 42
              semblance invalidate docs/api#27ab90c --previous 9f3c1e7
                                                               it has that label now, in the place of another
              semblance invalidate kb/shipping                 something changed, nobody says to what
              semblance invalidate kb/refunds --reset 40       it was restored to an earlier state, at version 40

            Several sources may be named; then each is answered for itself, and the exit code is 1 if one is refused.
            """)

    @Argument(help: "SOURCE@VERSION, SOURCE#LABEL or SOURCE.", transform: ArgumentText.dependency)
    var sources: [Dependency]
    @Option(help: "The label that the new one replaces.") var previous: String?
    @Option(
        help: "The position of the source's last change, as a conflict shows it; instead of --previous.",
        transform: ArgumentText.position)
    var position: Position?
    @Option(help: "The source was restored to an earlier state: begin a new generation at this version.")
    var reset: UInt64?
    @Option(
        help: "The incarnation of the store that the news is for; lifts its fence from the source.",
        transform: ArgumentText.incarnation)
    var incarnation: UInt64?
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard sources.count <= Limits.batchCount else {
            throw ValidationError("\(Limits.batchCount) sources at a time")
        }
        let special = [previous != nil, position != nil, reset != nil].count { $0 }
        guard special <= 1 else { throw ValidationError("--previous, --position and --reset exclude each other") }
        guard special == 0 || sources.count == 1 else {
            throw ValidationError("--previous, --position and --reset speak of one source")
        }
        _ = try invalidations()
    }

    func invalidations() throws -> [Invalidation] {
        try sources.map { source in
            Invalidation(source: source.source, change: try change(source), incarnation: incarnation)
        }
    }

    private func change(_ source: Dependency) throws -> Invalidation.Change {
        if let reset {
            guard source.version == .unnamed else { throw ValidationError("with --reset, name the source alone") }
            return .reset(version: reset)
        }
        switch source.version {
        case .labelled(let label):
            if let previous { return .label(label, replacing: .label(previous)) }
            return .label(label, replacing: position.map { .position($0) } ?? .nothing)
        case .ordered(let version, let generation):
            guard previous == nil, position == nil else {
                throw ValidationError("--previous and --position are for labels: SOURCE#LABEL")
            }
            return .version(version, generation: generation)
        case .unnamed:
            guard previous == nil, position == nil else {
                throw ValidationError("--previous and --position are for labels: SOURCE#LABEL")
            }
            return .bump
        }
    }

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let name = try namespace.resolved()
        let invalidations = try invalidations()
        let answer = try await service.measured { try await service.invalidate(invalidations, in: name) }
        if answer.value.count == 1 { _ = try answer.value[0].get() }
        let items = zip(invalidations.map(\.source), answer.value)
        let output = CommandOutput(
            items.map(Self.line) + ["  \(NumberText.microseconds(answer.roundTrip)) round trip"],
            json: .fields([
                "invalidations": .array(items.map(Self.json)),
                "roundTripMicroseconds": .integer(answer.roundTrip.microseconds),
            ]))
        guard answer.value.allSatisfy({ (try? $0.get()) != nil }) else {
            if client.json {
                Terminal.output.line(output.json.line)
            } else {
                output.lines.forEach(Terminal.output.line)
            }
            throw ErrorReport.Exit.failed
        }
        return output
    }

    static func line(_ source: String, _ outcome: Result<InvalidationReceipt, CacheError>) -> String {
        switch outcome {
        case .success(let receipt):
            let now = source + DependencyText.suffix(receipt.state.version)
            return receipt.changed
                ? "\(now) from position \(receipt.position) on"
                : "\(now) already, at position \(receipt.position): nothing changed"
        case .failure(let error): return "\(source) refused: \(error)"
        }
    }

    static func json(_ source: String, _ outcome: Result<InvalidationReceipt, CacheError>) -> JSONText {
        switch outcome {
        case .success(let receipt):
            .fields([
                "source": .text(source), "changed": .flag(receipt.changed),
                "position": .text(receipt.position.description),
                "current": .text(source + DependencyText.suffix(receipt.state.version)),
                "lastSequence": .unsigned(receipt.state.lastSequence),
            ])
        case .failure(let error):
            .fields([
                "source": .text(source), "code": .text(error.code.rawValue), "message": .text(error.message),
                "detail": .object(error.detail.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) }),
            ])
        }
    }
}
