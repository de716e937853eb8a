import ArgumentParser
import CacheModel
import FoundationEssentials
import Reembedding
import SemblanceClient

struct ReembedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reembed", abstract: "Move a namespace to another embedding model while both are in use.",
        discussion: """
            Reads the entries of FROM, has their prompts embedded by a server with OpenAI's /v1/embeddings, and \
            stores them in TO with all that they have: scope, key, payload, versions, tags, creation, expiry. TO is \
            made with the settings of FROM if it is not there, and follows FROM from then on: what is announced to \
            FROM or purged there hits the copies in the same moment (`namespace follow`).

            Nothing is taken from FROM, and both answer meanwhile. Run it, have the app use TO and the new model, \
            run it once more for what came in between, then `namespace follow TO --none` and `namespace drop FROM`. \
            The same command goes on where it was, after an interruption as well as to catch up; --state names the \
            file that notes it.

            Entries without a prompt cannot be embedded: those with a key are kept without a vector, the others are \
            left out and counted. The key of the embedder is read from the variable that --key-variable names.

                semblance namespace reembed support --into support-2 --embedder http://localhost:8080 --model bge-m3

            docs/MIGRATION.md goes through the whole of it.

            Exit codes: 0 done, 1 it could not go on (the same command goes on), 2 some entries were left out.
            """)

    @Argument(help: "The namespace to move.") var from: String
    @Option(name: .customLong("into"), help: "The namespace to move it to.") var to: String
    @Option(help: "The server: its address, with or without /v1/embeddings.") var embedder: String
    @Option(help: "The model, as the server calls it.") var model: String
    @Option(help: "The label of the model in the cache, that inserts name. (default: the model)") var label: String?
    @Option(help: "The threshold of TO. (default: that of FROM)", transform: ArgumentText.similarity)
    var threshold: Float?
    @Option(help: "The variable with the key of the server, if it wants one.")
    var keyVariable = "SEMBLANCE_EMBEDDER_KEY"
    @Option(help: "Prompts in a request to the server.") var promptBatch = 64
    @Option(help: "Requests to the server at once.") var parallel = 4
    @Option(help: "TO is called warm when it has this share of the answers of FROM, in percent.") var warm = 99.0
    @Option(help: "Dollars for a million tokens, to show what it costs.") var pricePerMillionTokens: Double?
    @Flag(help: "Only count what there is to do; nothing is embedded and nothing stored.") var dryRun = false
    @Flag(help: "Begin anew, whatever an earlier run has noted.") var restart = false
    @Option(help: "The file that notes what is done. (default: FROM-to-TO.reembed-state)") var state: String?
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard from != to else { throw ValidationError("a namespace is moved to another one: name it with --into") }
        guard (1...Limits.batchCount).contains(promptBatch) else {
            throw ValidationError("--prompt-batch is 1 through \(Limits.batchCount)")
        }
        guard (1...64).contains(parallel) else { throw ValidationError("--parallel is 1 through 64") }
        guard (0...100).contains(warm) else { throw ValidationError("--warm is 0 through 100") }
        guard embedder.hasPrefix("http://") || embedder.hasPrefix("https://") else {
            throw ValidationError("--embedder begins with http:// or https://")
        }
        guard !model.isEmpty, (label ?? model).utf8.count <= Limits.modelBytes else {
            throw ValidationError("the label of a model has 1 through \(Limits.modelBytes) bytes: --label shortens it")
        }
    }

    func run() async throws {
        var named: ServiceAddress?
        do {
            let address = try client.resolvedAddress()
            named = address
            var configuration = try client.configuration(as: "namespace reembed")
            configuration.requestTimeout = .milliseconds(client.timeout ?? 60_000)
            let service = try SemblanceClient(address: address, configuration: configuration)
            let exit = try await run(service)
            await service.close()
            if let exit { throw exit }
        } catch let exit as ExitCode {
            throw exit
        } catch {
            ErrorReport(error, address: named?.description).print(asJSON: client.json)
            throw ErrorReport.Exit.failed
        }
    }

    // MARK: The move

    private func run(_ service: SemblanceClient) async throws -> ExitCode? {
        let namespaces = try await service.namespaces()
        guard let source = namespaces.first(where: { $0.name == from }) else {
            throw CacheError(.namespaceNotFound, "there is no namespace '\(from)'", detail: ["namespace": from])
        }
        let reporter = ReembedReporter(
            command: self, entryCount: source.entryCount,
            dollarsPerToken: pricePerMillionTokens.map { $0 / 1_000_000 })
        guard !dryRun else {
            reporter.show(try await ReembedForecast(of: from, at: service))
            return nil
        }
        let existing = namespaces.first { $0.name == to }
        if let existing, let threshold, existing.settings.threshold != threshold {
            throw CacheError(
                .invalidArgument,
                "'\(to)' is there with the threshold \(existing.settings.threshold): --threshold is for a new one",
                detail: ["namespace": to])
        }
        let path = state ?? Self.statePath(from, to)
        let (begun, copySearch) = try await begin(service, existing, path)
        if existing == nil { try await service.createNamespace(to, settings: settings(of: source)) }
        // Before the first entry is read: from here on nothing that is announced to FROM is missed.
        try await service.follow(from, by: to)
        reporter.begin(begun, threshold: existing == nil && threshold == nil ? source.settings.threshold : nil)

        Interruption.watch()
        var server = EmbeddingServer.Settings(address: embedder, model: model)
        server.key = ProcessInfo.processInfo.environment[keyVariable]
        let outcome = try await EmbeddingServer.withServer(server) { server in
            var settings = ReembedRun.Settings()
            settings.promptBatch = promptBatch
            settings.requestLimit = parallel
            settings.copySearch = copySearch
            var run = ReembedRun(
                service: NamespacePair(client: service, from: from, to: to, model: label ?? model), embedder: server,
                state: begun, settings: settings)
            let isComplete = try await run.run { state in
                try state.write(path)
                reporter.show(state)
                return !Interruption.isAsked
            }
            return (run.state, isComplete)
        }
        let (state, isComplete) = outcome
        guard isComplete else {
            reporter.interrupted(state)
            return ErrorReport.Exit.failed
        }
        let coverage = ReembedCoverage(
            sourceCount: try await service.servableCount(of: from),
            targetCount: try await service.servableCount(of: to),
            leftOutCount: state.tally.leftOutCount, warmShare: warm / 100)
        reporter.end(state, coverage)
        return state.tally.leftOutCount > 0 ? ErrorReport.Exit.partly : nil
    }

    /// The state to go on with, and which pages may be there without being noted.
    private func begin(
        _ service: SemblanceClient, _ existing: NamespaceDescription?, _ path: String
    ) async throws -> (ReembedState, ReembedRun.CopySearch) {
        let position = try await service.lease(in: from).position
        let fresh = ReembedState(
            address: service.address.description, from: from, to: to, model: label ?? model,
            incarnation: position.incarnation)
        let holdsEntries = (existing?.entryCount ?? 0) > 0
        guard !restart, let old = try ReembedState.read(path) else {
            // Fails now, and not after the first page was paid for.
            try fresh.write(path)
            return (fresh, holdsEntries ? .everyPage : .none)
        }
        try old.check(isOf: fresh, path: path)
        guard holdsEntries || old.tally.movedCount == 0 else {
            throw CacheError(
                .invalidArgument,
                "\(path) says that \(NumberText.grouped(old.tally.movedCount)) were moved, but '\(to)' has none; "
                    + "--restart begins anew", detail: ["state": path])
        }
        return (old, .firstPage)
    }

    private func settings(of source: NamespaceDescription) -> NamespaceSettings {
        var settings = source.settings
        settings.dimension = nil
        settings.model = label ?? model
        if let threshold { settings.threshold = threshold }
        return settings
    }

    /// In the present folder, named for both, without what a path cannot have.
    static func statePath(_ from: String, _ to: String) -> String {
        func part(_ name: String) -> String {
            let isPlain = name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            return isPlain ? name : namespaceFingerprint(name).hexadecimal
        }
        return "\(part(from))-to-\(part(to)).reembed-state"
    }
}
