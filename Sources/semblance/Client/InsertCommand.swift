import ArgumentParser
import CacheModel
import FoundationEssentials
import SemblanceClient

struct InsertCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "insert", abstract: "Store an answer.",
        discussion: """
            Dependencies are written SOURCE@VERSION, SOURCE#LABEL, SOURCE@VERSION~GENERATION, or SOURCE alone when \
            nobody knows \
            the version; the last one takes a --lease from before the data was read.
            """)

    @OptionGroup var vector: VectorOptions
    @Option(help: "The exact key, 32 hexadecimal digits, unique in its scope.", transform: ArgumentText.key)
    var key: ExactKey?
    @Option(help: "The scope, 32 hexadecimal digits. (default: the shared one)", transform: ArgumentText.scope)
    var scope: Scope?
    @Option(help: "The answer, as text.") var payload: String?
    @Option(help: "A file that is the answer.") var payloadFile: String?
    @Option(help: "What the payload is. (default: text/plain; charset=utf-8, or application/octet-stream for a file)")
    var contentType: String?
    @Option(help: "The question, kept beside the answer.") var prompt: String?
    @Option(help: "What the answer was built from; repeatable.", transform: ArgumentText.dependency)
    var dependsOn: [Dependency] = []
    @Option(help: "A tag to purge by; repeatable.") var tag: [String] = []
    @Option(help: "How long it lives: 30m, 1h, 7d. (default: the namespace's)", transform: ArgumentText.duration)
    var ttl: Int64?
    @Option(help: "A lease from before the data was read.", transform: ArgumentText.lease) var lease: Lease?
    @Option(help: "What one hit saves, in dollars.", transform: ArgumentText.nanodollars) var costSavedUsd: UInt64 = 0
    @Option(help: "The embedding model; refused if the namespace holds another's.") var model = ""
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard vector.vector != nil || vector.vectorFile != nil || key != nil else {
            throw ValidationError("name a --vector, a --vector-file with its --row, or a --key")
        }
        guard (payload == nil) != (payloadFile == nil) else {
            throw ValidationError("name either --payload or --payload-file")
        }
    }

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let name = try namespace.resolved()
        let bytes =
            if let payloadFile { try FileBytes.read(payloadFile, limitBytes: Limits.payloadBytes) } else {
                Array((payload ?? "").utf8)
            }
        let insertion = Insertion(
            scope: scope ?? .shared, key: key, vector: try vector.resolved(), prompt: prompt, payload: bytes,
            contentType: contentType ?? (payloadFile == nil ? "text/plain; charset=utf-8" : "application/octet-stream"),
            dependencies: dependsOn, tags: tag, expiresAt: ttl.map { Timestamp.now.advanced(byMilliseconds: $0) },
            costSavedNanodollars: costSavedUsd, lease: lease)
        let answer = try await service.measured { try await service.insert([insertion], in: name, model: model) }
        switch answer.value.first {
        case .stored(let entry, let replaced):
            let note = replaced.map { ", in the place of entry \($0)" } ?? ""
            return CommandOutput(
                ["stored entry \(entry)\(note)", "  \(NumberText.microseconds(answer.roundTrip)) round trip"],
                json: .fields([
                    "entry": .unsigned(entry.number), "replaced": replaced.map { .unsigned($0.number) },
                    "roundTripMicroseconds": .integer(answer.roundTrip.microseconds),
                ]))
        case .refused(let error): throw error
        case nil: throw CacheError(.malformedFrame, "the service answered an insert with nothing")
        }
    }
}

extension Timestamp {
    /// By this machine's clock.
    static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) }
}
