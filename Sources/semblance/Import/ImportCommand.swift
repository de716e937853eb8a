import ArgumentParser
import CacheModel
import FoundationEssentials
import SemblanceClient

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Store what `semblance export` has written, or the vectors of an .npy file.",
        discussion: """
            An export has everything: entries keep their creation, expiry, versions and the bits of their vectors, and \
            go to the namespace that they came from unless --namespace names another. It is made with the settings \
            that it had, if it is not there. In the store that an export was made of, entries are judged as they were; \
            in another one they count as made before anything that the store has been told, so that nothing that has \
            changed since becomes fresh again.

            The .npy file has two dimensions, float16, float32 or float64 in little-endian and C order. A .jsonl file \
            of the same name beside it, or --payloads, has one object for each row: payload or payload_base64, and if \
            need be prompt, content_type, scope, key, depends_on, tags, expires_at or ttl_ms, created_at, \
            cost_saved_usd, lease. Without one, the payload is the row's number. A .jsonl file alone has vector or \
            vector_f32 (base64 of little-endian floats) in each line, too.

            Rows without a lease of their own get one that is taken when the import begins: whoever imports says that \
            the files were up to date then. An interrupted import keeps that lease. Rows of an export do not get it.

            What has been acknowledged is noted in FILE.import-state; --resume goes on from there. Requests that were \
            under way when an import was killed are sent again: rows with a key then take their own place, others are \
            stored twice.

            Exit codes: 0 all rows are stored, 1 the import could not go on, 2 some rows were refused.
            """)

    @Argument(help: "The .npy file, or the .jsonl file of an export.") var vectors: String
    @Option(help: "The .jsonl file. (default: the one beside the .npy file, if there is one)") var payloads: String?
    @Option(help: "The embedding model; refused if the namespace holds another's. (default: the export's)")
    var model = ""
    @Option(help: "Rows in a request.") var batch = Limits.batchCount
    @Flag(help: "Go on where an interrupted import ended.") var resume = false
    @Flag(help: "Begin anew, whatever an interrupted import has stored.") var restart = false
    @Option(help: "The file that notes what is done. (default: FILE.import-state)") var state: String?
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
        let source = try ImportSource(vectors, payloads: payloads)
        let name = try namespace.resolved(default: source.vectors.header?.namespace)
        var journal = ImportJournal(path: state ?? ImportState.path(besides: vectors), isRequired: state != nil)
        let start = try await journal.begin(
            source, namespace: name, address: service.address.description,
            mode: resume ? .resume : restart ? .restart : .fresh
        ) { try await service.lease(in: name) }
        let reporter = ImportReporter(
            source: source, start: start, namespace: name, isJSON: client.json, refusedPath: refused)
        try reporter.begin()
        let header = source.vectors.header
        if let header { try await make(name, as: header, service, reporter) }
        if let warning = journal.warning { reporter.note(warning) }

        Interruption.watch()
        var run = ImportRun(
            source: source, state: start,
            target: ServiceTarget(
                service: service, namespace: name, model: model.isEmpty ? header?.settings.model ?? "" : model),
            onProgress: { state, refused throws(CacheError) in
                try journal.note(state)
                try reporter.show(state, refused)
            })
        run.batchRows = batch
        // Entries keep their order: the newest comes first among equals. Requests under way at once may overtake each
        // other.
        if header != nil { run.requestLimit = 1 }
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

    /// The namespace of an export, with the settings that it had.
    private func make(
        _ name: String, as header: ExportHeader, _ service: SemblanceClient, _ reporter: ImportReporter
    ) async throws {
        let known = try await service.namespaces().first { $0.name == name }
        guard let known else {
            try await service.createNamespace(name, settings: header.settings)
            return
        }
        guard known.settings != header.settings else { return }
        reporter.note("\(name) keeps its own settings, which are others than the export's")
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
