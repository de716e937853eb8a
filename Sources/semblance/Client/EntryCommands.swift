import ArgumentParser
import CacheModel
import SemblanceClient

struct GetCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Show one entry by its number.")

    @Argument(help: "The entry's number.", transform: ArgumentText.entry) var entry: EntryIdentifier
    @Option(help: "The scope that it must be in. (default: any)", transform: ArgumentText.scope) var scope: Scope?
    @Flag(help: "Print the payload and nothing else.") var raw = false
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let name = try namespace.resolved()
        let stored = try await service.entry(entry, in: name, scope: scope)
        var output = CommandOutput(
            ["entry \(stored.identifier)"] + EntryText.lines(stored), json: EntryText.json(stored))
        if raw { output.bytes = stored.payload ?? [] }
        return output
    }
}

struct DeleteCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete entries by their numbers.")

    @Argument(help: "The entries' numbers.", transform: ArgumentText.entry) var entries: [EntryIdentifier]
    @Option(help: "The scope that they must be in. (default: any)", transform: ArgumentText.scope) var scope: Scope?
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard entries.count <= Limits.batchCount else {
            throw ValidationError("\(Limits.batchCount) entries at a time")
        }
    }

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let found = try await service.delete(entries, in: try namespace.resolved(), scope: scope)
        let lines = zip(entries, found).map { $1 ? "deleted entry \($0)" : "entry \($0) is not there" }
        let items = zip(entries, found).map { entry, found in
            JSONText.fields(["entry": .unsigned(entry.number), "deleted": .flag(found)])
        }
        return CommandOutput(lines, json: .fields(["entries": .array(items)]))
    }
}

struct PurgeCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Remove entries by tag or scope.",
        discussion: "Later inserts under that tag or scope need a lease from after the purge.")

    @Option(help: "Every entry with this tag.") var tag: String?
    @Option(help: "Every entry of this scope, 32 hexadecimal digits.", transform: ArgumentText.scope) var scope: Scope?
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard (tag == nil) != (scope == nil) else { throw ValidationError("name either --tag or --scope") }
    }

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let purge: Purge = tag.map { .tag($0) } ?? .scope(scope ?? .shared)
        let receipt = try await service.purge(purge, in: try namespace.resolved())
        return CommandOutput(
            ["purged \(NumberText.count(receipt.entryCount, "entry", "entries"))", "  position \(receipt.position)"],
            json: .fields([
                "entryCount": .integer(receipt.entryCount), "position": .text(receipt.position.description),
            ]))
    }
}
