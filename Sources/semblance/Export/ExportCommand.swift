import ArgumentParser
import CacheModel
import SemblanceClient

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the entries of a namespace as JSON lines, which `semblance import` reads.",
        discussion: """
            The first line says how the namespace is set; each other one is an entry with all that it takes to store \
            it again: scope, key, prompt, payload, dependencies with their versions, tags, creation, expiry, what a \
            hit saves, and the vector, bit by bit (base64 of little-endian 32-bit floats). Answers that are stale or \
            expired are left out.

            The service goes on answering meanwhile: it is read a page at a time. An entry that is stored after the \
            export has begun is not in it. A file is there as a whole or not at all, and only its owner may read it.

                semblance export support.jsonl --namespace support
                semblance export - --namespace support | zstd > support.jsonl.zst
                semblance import support.jsonl --address other:7707

            Exit codes: 0 everything is written, 1 it is not, 2 some entries are damaged and were left out.
            """)

    @Argument(help: "The file to write; - for standard output.") var file: String
    @Option(help: "Only entries of this scope, 32 hexadecimal digits.", transform: ArgumentText.scope)
    var scope: Scope?
    @Flag(help: "Also answers that are stale or expired. An import refuses what does not hold where it goes.")
    var includeStale = false
    @Flag(help: "Leave the vectors out, as for another embedding model.") var omitVectors = false
    @Flag(help: "Take the place of a file that is there.") var overwrite = false
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func run() async throws {
        var named: ServiceAddress?
        do {
            let address = try client.resolvedAddress()
            named = address
            var configuration = try client.configuration(as: "export")
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
        guard let description = try await service.namespaces().first(where: { $0.name == name }) else {
            throw CacheError(.namespaceNotFound, "there is no such namespace", detail: ["namespace": name])
        }
        let output = try ExportFile(file == "-" ? nil : file, overwrites: overwrite)
        let scan = Scan(
            scope: scope, includesUnservable: includeStale, omitsVectors: omitVectors)
        var run = ExportRun(source: ServiceSource(service: service, namespace: name), scan: scan)
        var progress = ProgressReport(terminal: .error, unit: "entries", total: description.entryCount)
        let clock = ContinuousClock()
        let start = clock.now
        Interruption.watch()
        let isComplete = try await run.run(
            begin: { position in
                let header = ExportHeader(namespace: name, settings: description.settings, position: position)
                try output.line(header.json.line)
            },
            take: { entry, incarnation in try output.line(ExportLine.json(entry, incarnation: incarnation).line) },
            onProgress: { run in
                // How many entries a scope has is not known.
                if !client.json, scope == nil {
                    progress.show(run.entryCount + run.passedOver.count, elapsed: clock.now - start)
                }
                return !Interruption.isAsked
            })
        guard isComplete else {
            throw CacheError(.internalError, "interrupted; nothing was written to \(output.path ?? "a file")")
        }
        try output.finish()
        let elapsed = clock.now - start
        if !client.json, scope == nil { progress.finish(description.entryCount, elapsed: elapsed) }
        show(run, name, output, elapsed)
        return run.passedOver.damaged > 0 ? ErrorReport.Exit.partly : nil
    }

    /// On standard error where the export itself goes to standard output.
    private func show(_ run: ExportRun, _ name: String, _ output: ExportFile, _ elapsed: Duration) {
        let terminal = output.path == nil ? Terminal.error : Terminal.output
        let passedOver = run.passedOver
        guard !client.json else {
            terminal.line(
                JSONText.fields([
                    "namespace": .text(name), "file": output.path.map { .text($0) },
                    "entryCount": .integer(run.entryCount), "byteCount": .integer(output.byteCount),
                    "staleCount": .integer(passedOver.stale), "expiredCount": .integer(passedOver.expired),
                    "damagedCount": .integer(passedOver.damaged),
                    "position": run.position.map { .text($0.description) },
                    "elapsedMicroseconds": .integer(elapsed.microseconds),
                ]).line)
            return
        }
        let rate = elapsed.seconds > 0 ? Int(Double(run.entryCount) / elapsed.seconds) : 0
        terminal.line(
            "exported \(NumberText.count(run.entryCount, "entry", "entries")) of \(name), "
                + "\(ByteCountText.text(bytes: output.byteCount)), \(NumberText.fixed(elapsed.seconds, digits: 2)) s, "
                + "\(NumberText.grouped(rate)) entries/s")
        let leftOut = [(passedOver.stale, "stale"), (passedOver.expired, "expired"), (passedOver.damaged, "damaged")]
            .filter { $0.0 > 0 }.map { "\(NumberText.grouped($0.0)) \($0.1)" }
        if !leftOut.isEmpty { terminal.line("left out: \(leftOut.joined(separator: ", "))") }
    }
}

/// A namespace of a running service.
struct ServiceSource: ScanSource {
    let service: SemblanceClient
    let namespace: String

    func scan(_ scan: Scan) async throws -> ScanPage { try await service.scan(scan, in: namespace) }
}
