import ArgumentParser
import CacheModel
import FoundationEssentials
import SemblanceClient

struct StatisticsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what the service holds and has done since it was started.",
        discussion: """
            With --watch it shows what the service does now, each second, until Control-C: rates, and percentiles of the \
            times of that second. On a terminal they are drawn over each other, elsewhere each is a line, and with \
            --json each is a JSON document.
            """,
        aliases: ["statistics"])

    @OptionGroup var client: ClientOptions
    @Flag(help: "Go on showing what the service does.") var watch = false
    @Option(help: "How often, with --watch. (default: 1s)", transform: ArgumentText.duration) var interval: Int64?
    @Option(help: "How many times, with --watch. (default: until Control-C)") var count: Int?

    func validate() throws {
        guard watch || (interval == nil && count == nil) else {
            throw ValidationError("--interval and --count belong to --watch")
        }
        guard count ?? 1 > 0 else { throw ValidationError("--count is 1 or more") }
    }

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        guard watch else {
            let document = try await service.statistics()
            return CommandOutput(try Self.lines(document), json: .document(document))
        }
        let address = try client.resolvedAddress().description
        var screen = WatchScreen(terminal: .output, isJSON: client.json, address: address)
        try await StatisticsWatch(interval: .milliseconds(interval ?? 1_000), count: count).run(service) { sample in
            screen.show(sample)
        }
        await service.close()
        // Everything is shown already.
        throw ExitCode.success
    }

    /// Group by group, the names in order; counts that are 0 are left out, as most of them are most of the time.
    static func lines(_ document: String) throws(CacheError) -> [String] {
        let document = try StatisticsDocument(document)
        var groups: [String: [(name: String, value: String)]] = [:]
        func add(_ path: String, _ value: String) {
            let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
            groups[parts.count > 1 ? parts[0] : "", default: []].append((parts.last ?? path, value))
        }
        for (path, number) in document.numbers {
            guard let text = Self.text(path, number) else { continue }
            add(path, text)
        }
        for (path, text) in document.texts { add(path, text) }
        var lines: [String] = []
        for (name, fields) in groups.sorted(by: { $0.key < $1.key }) {
            if !name.isEmpty { lines.append(name) }
            lines += TextTable.pairs(fields.sorted { $0.name < $1.name })
        }
        return lines + times(document)
    }

    /// - Returns: nil for what is left out.
    private static func text(_ path: String, _ number: Int) -> String? {
        let name = path.split(separator: ".").last.map(String.init) ?? path
        if name.hasPrefix("is") { return number == 1 ? "yes" : "no" }
        if number == 0, path.contains(".") { return nil }
        return name.hasSuffix("Bytes") ? ByteCountText.text(bytes: number) : NumberText.grouped(number)
    }

    private static func times(_ document: StatisticsDocument) -> [String] {
        guard !document.histograms.isEmpty else { return [] }
        var table = WatchTable.empty
        for (name, counts) in document.histograms.sorted(by: { $0.key < $1.key }) where counts.count > 0 {
            table.add(WatchTable.cells(name, counts))
        }
        return ["times and sizes"] + table.lines.map { "  " + $0 }
    }
}
