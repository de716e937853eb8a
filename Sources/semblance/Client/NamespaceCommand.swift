import ArgumentParser
import CacheModel
import SemblanceClient

struct NamespaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "namespace", abstract: "Make, list and drop namespaces, and move them to another embedding model.",
        subcommands: [
            CreateNamespace.self, ListNamespaces.self, DropNamespace.self, FollowNamespace.self, ReembedCommand.self,
        ],
        defaultSubcommand: ListNamespaces.self)
}

struct CreateNamespace: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a namespace.",
        discussion: "The first insert into a namespace makes it as well, with the defaults shown here.")

    @Argument(help: "Its name.") var name: String
    @Option(help: "Components of every vector. (default: as the first vector has)") var dimension: Int?
    @Option(help: "The embedding model, a label that all clients agree on.") var model = ""
    @Option(help: "The similarity from which on an entry is a hit.", transform: ArgumentText.similarity)
    var threshold: Float = NamespaceSettings().threshold
    @Option(help: "How long entries live that do not say. (default: for ever)", transform: ArgumentText.duration)
    var ttl: Int64?
    @Option(help: "Entries kept; others make room, see serve --eviction. (default: as many as the store holds)") var capacity: Int?
    @OptionGroup var client: ClientOptions

    func validate() throws {
        if let dimension, !Limits.dimensionRange.contains(dimension) {
            throw ValidationError("--dimension is 1 through \(Limits.dimensionRange.upperBound)")
        }
        if let capacity, capacity < 1 { throw ValidationError("--capacity is at least 1") }
    }

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let settings = NamespaceSettings(
            dimension: dimension, model: model, threshold: threshold, timeToLiveMilliseconds: ttl, capacity: capacity)
        let namespace = try await service.createNamespace(name, settings: settings)
        return CommandOutput(
            ["namespace \(namespace.name) is there"] + NamespaceText.lines([namespace]),
            json: NamespaceText.json(namespace))
    }
}

struct ListNamespaces: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the namespaces.")

    @OptionGroup var client: ClientOptions

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let namespaces = try await service.namespaces()
        return CommandOutput(
            namespaces.isEmpty ? ["no namespaces; the first insert makes one"] : NamespaceText.lines(namespaces),
            json: .fields(["namespaces": .array(namespaces.map(NamespaceText.json))]))
    }
}

struct DropNamespace: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Remove a namespace and all of its entries.",
        discussion: "What is known of its sources stays, so that no old answer is taken for a new one later.")

    @Argument(help: "Its name.") var name: String
    @OptionGroup var client: ClientOptions

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let receipt = try await service.dropNamespace(name)
        return CommandOutput(
            [
                "dropped \(name) with \(NumberText.count(receipt.entryCount, "entry", "entries"))",
                "  position \(receipt.position)",
            ],
            json: .fields([
                "namespace": .text(name), "entryCount": .integer(receipt.entryCount),
                "position": .text(receipt.position.description),
            ]))
    }
}

/// Namespaces as tables and documents.
enum NamespaceText {
    static func lines(_ namespaces: [NamespaceDescription]) -> [String] {
        var table = TextTable([
            .init("NAMESPACE"), .init("ENTRIES", .right), .init("VECTORS", .right), .init("DIMENSION", .right),
            .init("THRESHOLD", .right), .init("TTL", .right), .init("CAPACITY", .right), .init("SCOPES", .right),
            .init("SOURCES", .right), .init("MODEL"),
        ])
        for namespace in namespaces {
            let settings = namespace.settings
            table.add([
                namespace.name, NumberText.grouped(namespace.entryCount), NumberText.grouped(namespace.rowCount),
                settings.dimension.map { "\($0)" } ?? "-", NumberText.fixed(Double(settings.threshold), digits: 2),
                settings.timeToLiveMilliseconds.map { DurationText.text(milliseconds: $0) } ?? "-",
                settings.capacity.map(NumberText.grouped) ?? "-", NumberText.grouped(namespace.scopeCount),
                NumberText.grouped(namespace.watermarkCount), settings.model,
            ])
        }
        return table.lines
    }

    static func json(_ namespace: NamespaceDescription) -> JSONText {
        let settings = namespace.settings
        return .fields([
            "name": .text(namespace.name), "dimension": settings.dimension.map { .integer($0) },
            "model": .text(settings.model), "threshold": .float(settings.threshold),
            "ttlMs": settings.timeToLiveMilliseconds.map { .integer(Int($0)) },
            "capacity": settings.capacity.map { .integer($0) }, "entryCount": .integer(namespace.entryCount),
            "rowCount": .integer(namespace.rowCount), "scopeCount": .integer(namespace.scopeCount),
            "watermarkCount": .integer(namespace.watermarkCount),
        ])
    }
}
