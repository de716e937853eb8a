import ArgumentParser
import CacheModel
import SemblanceClient

struct LookupCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup", abstract: "Ask whether something that means the same has been answered before.",
        discussion: """
            A miss is an answer too: the exit code is 0 for both. `--json` has \"outcome\": \"hit\" or \"miss\", and \
            the lease to \
            insert the answer with.
            """)

    @OptionGroup var vector: VectorOptions
    @Option(help: "The exact key, 32 hexadecimal digits; tried before the vector.", transform: ArgumentText.key)
    var key: ExactKey?
    @Option(help: "The scope, 32 hexadecimal digits. (default: the shared one)", transform: ArgumentText.scope)
    var scope: Scope?
    @Option(
        parsing: .unconditional, help: "The similarity from which on an entry is a hit. (default: the namespace's)",
        transform: ArgumentText.similarity)
    var threshold: Float?
    @Option(name: [.customShort("k"), .long], help: "Show so many hits at most, best first.") var neighbors = 1
    @Option(help: "Count older entries as expired: 30m, 1h, 7d.", transform: ArgumentText.duration) var maxAge: Int64?
    @Option(
        help: "The position that the store must have reached, as an invalidation shows it.",
        transform: ArgumentText.position)
    var minPosition: Position?
    @Option(help: "A source whose last change is to be shown; repeatable.") var source: [String] = []
    @Flag(help: "Leave the payload out.") var noPayload = false
    @Flag(help: "Show how the vector was searched: rows looked at, candidates, time per stage.") var explain = false
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard vector.vector != nil || vector.vectorFile != nil || key != nil else {
            throw ValidationError("name a --vector, a --vector-file with its --row, or a --key")
        }
        guard Limits.neighborsRange.contains(neighbors) else {
            throw ValidationError("--neighbors is 1 through \(Limits.neighborsRange.upperBound)")
        }
    }

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let name = try namespace.resolved()
        let lookup = Lookup(
            scope: scope ?? .shared, key: key, vector: try vector.resolved(), threshold: threshold,
            neighbors: neighbors,
            maximumAgeMilliseconds: maxAge, minimumPosition: minPosition, sources: source, omitsPayload: noPayload,
            isExplained: explain)
        let answer = try await service.measured { try await service.lookup(lookup, in: name) }
        let text = LookupText(reply: answer.value, sources: source, roundTrip: answer.roundTrip)
        return CommandOutput(text.lines, json: text.json)
    }
}
