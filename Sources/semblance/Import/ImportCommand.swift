import ArgumentParser
import CacheModel
import FoundationEssentials
import SemblanceClient

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Store the vectors of an .npy file, with the answers of a .jsonl file.",
        discussion: """
            The .npy file has two dimensions, float16, float32 or float64 in little-endian and C order. A .jsonl file \
            of the same \
            name beside it, or --payloads, has one object for each row: payload, and if need be prompt, content_type, \
            scope, \
            key, depends_on, tags, expires_at or ttl_ms, cost_saved_usd, lease. Without one, the payload is the row's \
            number.

            Rows without a lease of their own get one that is taken when the import begins: whoever imports says that \
            the \
            files were up to date then. An interrupted import keeps that lease.

            What has been acknowledged is noted in FILE.npy.import-state; --resume goes on from there. Requests that \
            were under \
            way when an import was killed are sent again: rows with a key then take their own place, others are \
            stored twice.

            Exit codes: 0 all rows are stored, 1 the import could not go on, 2 some rows were refused.
            """)

    @Argument(help: "The .npy file.") var vectors: String
    @Option(help: "The .jsonl file. (default: the one beside the .npy file, if there is one)") var payloads: String?
    @Option(help: "The embedding model; refused if the namespace holds another's.") var model = ""
    @Option(help: "Rows in a request.") var batch = Limits.batchCount
    @Flag(help: "Go on where an interrupted import ended.") var resume = false
    @Flag(help: "Begin anew, whatever an interrupted import has stored.") var restart = false
    @Option(help: "The file that notes what is done. (default: FILE.npy.import-state)") var state: String?
    @Option(help: "Write all refused rows to this file, one JSON object on each line.") var refused: String?
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard (1...Limits.batchCount).contains(batch) else {
            throw ValidationError("--batch is 1 through \(Limits.batchCount)")
        }
        if resume, restart { throw ValidationError("--resume and --restart exclude each other") }
    }

    func run() async throws {
        var named: ServiceAddress?
        do {
            let address = try client.resolvedAddress()
            named = address
            // Its one connection keeps the rows in their order.
            var configuration = try client.configuration(as: "import")
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

    /// - Returns: the exit code, nil for success.
    private func run(_ service: SemblanceClient) async throws -> ExitCode? {
        let name = try namespace.resolved()
        let source = try ImportSource(vectors, payloads: payloads)
        var journal = ImportJournal(path: state ?? ImportState.path(besides: vectors), isRequired: state != nil)
        let start = try await journal.begin(
            source, namespace: name, address: service.address.description,
            mode: resume ? .resume : restart ? .restart : .fresh
        ) { try await service.lease(in: name) }
        let reporter = ImportReporter(
            source: source, start: start, namespace: name, isJSON: client.json, refusedPath: refused)
        try reporter.begin()
        if let warning = journal.warning { reporter.note(warning) }

        Interruption.watch()
        var run = ImportRun(
            source: source, state: start, target: ServiceTarget(service: service, namespace: name, model: model),
            onProgress: { state, refused throws(CacheError) in
                try journal.note(state)
                try reporter.show(state, refused)
            })
        run.batchRows = batch
        run.isInterrupted = { Interruption.isAsked }
        do {
            let isComplete = try await run.run()
            reporter.end(run.state, isComplete: isComplete)
            guard isComplete else {
                reporter.note("interrupted; the same command with --resume goes on")
                return ErrorReport.Exit.failed
            }
        } catch {
            reporter.end(run.state, isComplete: false)
            if journal.isKept { reporter.note("the same command with --resume goes on there") }
            throw error
        }
        journal.remove()
        return run.state.refusedCount > 0 ? ErrorReport.Exit.partly : nil
    }
}

/// A namespace of a running service.
private struct ServiceTarget: InsertionTarget {
    let service: SemblanceClient
    let namespace: String
    let model: String

    func insert(_ insertions: [Insertion]) async throws -> [InsertOutcome] {
        try await service.insert(insertions, in: namespace, model: model)
    }

    func pause(milliseconds: Int) async throws { try await Task.sleep(for: .milliseconds(milliseconds)) }
}
