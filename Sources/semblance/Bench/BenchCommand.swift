import ArgumentParser
import CacheModel
import SemblanceClient

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Put a load on a service and measure how it answers.",
        discussion: """
            With --rate N requests are sent on a fixed timetable, N a second, however fast replies come; a request's \
            time counts from when it was due, so that a service that stalls is charged with all that had to wait. \
            With --rate max each connection keeps --pipeline requests in flight: the most that the service can do.

            --vectors fills the namespace first; each row has a key of its own, so that the next load renews the \
            entries instead of adding to them, and depends on one of --sources sources. In the mix, an invalidation \
            announces the next version of one of them, and inserts bring back what has become stale. Do not point \
            two loads with inserts or invalidations at one namespace at once: they refuse each other's inserts.

            search is the time that the service says it has searched (for all lookups that it took together), \
            overhead the rest of the round trip. Control-C ends a load early and shows what was measured.

            Exit codes: 0 measured, 1 nothing was measured, 2 there were errors or the rate was not kept.
            """)

    @Option(help: "An .npy file whose rows are inserted first, and by the inserts of the mix.") var vectors: String?
    @Flag(help: "The rows of --vectors are there already, from an earlier load.") var noLoad = false
    @Option(help: "An .npy file whose rows are looked up, in random order.") var queries: String?
    @Flag(help: "Look up each query once, in order, and end.") var once = false
    @Option(
        parsing: .unconditional, help: "The similarity from which on an entry is a hit. (default: the namespace's)",
        transform: ArgumentText.similarity)
    var threshold: Float?
    @Option(help: "Connections.") var connections = 1
    @Option(help: "Requests in flight on a connection at most. (default: 1, or the service's limit with a --rate)")
    var pipeline: Int?
    @Option(help: "Requests a second, or max. (default: max)", transform: BenchArgument.rate)
    var rate = BenchRate.maximum
    @Option(
        help: "Weights of lookups:inserts:invalidations, and of pings as a fourth. (default: 1:0:0)",
        transform: BenchArgument.mix)
    var mix: BenchMix?
    @Option(help: "How long requests are sent. (default: 10)") var seconds: Double?
    @Option(help: "Decides the order of kinds and queries.") var seed: UInt64 = 1
    @Option(help: "Threads of the load generator. (default: half of the cores, at most one for a connection)")
    var threads: Int?
    @Option(help: "Sources that the inserted entries depend on.") var sources = BenchSettings.standardSourceCount
    @Option(help: "Size of each inserted answer: 256, 4KiB. (default: 256)", transform: ArgumentText.byteCount)
    var payloadSize = BenchSettings.standardPayloadBytes
    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var client: ClientOptions

    func validate() throws {
        try BenchArgument.check("--connections", connections, 1...Limits.connectionCount)
        try BenchArgument.check("--pipeline", pipeline ?? 1, 1...65_536)
        try BenchArgument.check("--threads", threads ?? 1, 1...1_024)
        try BenchArgument.check("--sources", sources, 1...Limits.watermarksPerNamespace)
        try BenchArgument.check("--payload-size", payloadSize, 0...Limits.payloadBytes)
        if let seconds, !(0.001...BenchSettings.secondsLimit).contains(seconds) {
            throw ValidationError("--seconds is more than 0 and at most \(Int(BenchSettings.secondsLimit))")
        }
        if once, mix != nil { throw ValidationError("--once looks up each query and nothing else: leave out --mix") }
        if once, seconds != nil { throw ValidationError("--once ends with its last query: leave out --seconds") }
        if (mix ?? .lookups).includes(.lookup), queries == nil {
            throw ValidationError("name the --queries that are to be looked up")
        }
        if (mix ?? .lookups).includes(.insert), vectors == nil {
            throw ValidationError("name the --vectors that are to be inserted")
        }
        if noLoad, vectors == nil { throw ValidationError("--no-load goes with --vectors") }
    }

    func run() async throws {
        var named: ServiceAddress?
        do {
            let settings = try settings()
            let address = try client.resolvedAddress()
            named = address
            let material = try BenchMaterial(
                settings: settings, queries: try queries.map { path throws(CacheError) in try NumPyFile(path) },
                vectors: try vectors.map { path throws(CacheError) in try NumPyFile(path) })
            let reporter = BenchReporter(material, isJSON: client.json)
            var run = BenchRun(settings: settings, material: material, address: address)
            run.tls = try client.tls.resolved()
            run.isInterrupted = { Interruption.isAsked }
            run.onRowsStored = reporter.showRows
            run.onProgress = reporter.showLoad
            Interruption.watch()
            let result: BenchResult
            do {
                result = try await run.run(loadsRows: !noLoad)
            } catch {
                reporter.finish()
                throw error
            }
            reporter.end(result)
            if !result.isMeasured { throw ErrorReport.Exit.failed }
            if !result.isSound { throw ErrorReport.Exit.partly }
        } catch let exit as ExitCode {
            throw exit
        } catch {
            ErrorReport(error, address: named?.description).print(asJSON: client.json)
            throw ErrorReport.Exit.failed
        }
    }

    func settings() throws(CacheError) -> BenchSettings {
        var settings = BenchSettings(namespace: try namespace.resolved())
        settings.token = try client.configuration(as: "bench").token
        settings.threshold = threshold
        settings.rate = rate
        settings.mix = mix ?? .lookups
        settings.isOnce = once
        settings.seconds = once ? nil : seconds ?? BenchSettings.standardSeconds
        settings.connectionCount = connections
        settings.pipelineLimit = pipeline ?? (rate == .maximum ? 1 : nil)
        settings.threadCount = threads ?? BenchSettings.standardThreadCount
        settings.seed = seed
        settings.sourceCount = sources
        settings.payloadBytes = payloadSize
        if let timeout = client.timeout { settings.timeoutMilliseconds = timeout }
        return settings
    }
}

/// Reads arguments; what cannot be read is an error of usage.
enum BenchArgument {
    static func rate(_ text: String) throws -> BenchRate {
        do { return try BenchRate(parsing: text) } catch { throw ValidationError(error.message) }
    }

    static func mix(_ text: String) throws -> BenchMix {
        do { return try BenchMix(parsing: text) } catch { throw ValidationError(error.message) }
    }

    static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) is \(range.lowerBound) through \(range.upperBound)")
        }
    }
}
