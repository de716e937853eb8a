import ArgumentParser
import CacheModel
import FoundationEssentials
import Logging
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the service.",
        discussion: """
            Every option can be given as an environment variable as well, SEMBLANCE_MAP_SIZE for --map-size, or in a \
            JSON file, \
            as \"mapSize\". Options come before variables, variables before the file. SEMBLANCE_KERNEL forces the \
            vector kernels: \
            serial, avx2, avx512 or neon.

            Control-C or SIGTERM stops it in an orderly way: what was asked is answered, what was acknowledged is kept. \
            SIGHUP reads tokens and certificate again, which happens by itself as well when their files change.

            On loopback addresses and Unix sockets it takes whoever comes, unless there are tokens. Any other address needs \
            tokens and TLS: with --tls-certificate and --tls-key every port speaks TLS and nothing else, Unix sockets stay \
            as they are.
            """)

    @Option(help: "Where to listen: 127.0.0.1:7707, 0.0.0.0:7707 or unix:/path; repeatable. (default: 127.0.0.1:7707)")
    var listen: [String] = []
    @Option(
        help: ArgumentHelp(
            "Where to serve /metrics, /healthz and /readyz over HTTP. (default: 127.0.0.1:7708, if it is free)",
            valueName: "address|off"))
    var metricsListen: String?
    @Option(help: "The data directory, made if there is none. (default: ./var/semblance)") var data: String?
    @Option(
        help: ArgumentHelp(
            "The tokens that clients are asked for, as `semblance token` makes them. (default: DATA/tokens.json, if any)",
            valueName: "file"))
    var tokens: String?
    @Option(
        help: ArgumentHelp(
            "How much a power cut may take back. (default: sync)",
            discussion: "sync: nothing that was acknowledged. relaxed: the last inserts, never an invalidation.",
            valueName: "sync|relaxed"))
    var durability: String?
    @Option(help: "The most that the store may hold: 64GiB. (default: 256GiB of address space, used as it fills)")
    var mapSize: String?
    @Option(help: "Entries kept in the whole store; others make room. (default: as many as it holds)")
    var maxEntries: String?
    @Option(help: "What the entries kept may take: 32GiB. (default: as much as the store holds)") var maxBytes: String?
    @Option(
        help: ArgumentHelp(
            "What the entries of a namespace may take: support=4GiB; repeatable. (default: as much as the store holds)",
            valueName: "name=size"))
    var maxNamespaceBytes: [String] = []
    @Option(
        help: ArgumentHelp(
            "What makes room, after what is stale or expired. (default: value)",
            discussion: "value: what saves least for its room, cost by how often it is asked for. lru: what was not asked for longest.",
            valueName: "value|lru"))
    var eviction: String?
    @Option(help: "Threads that search. (default: one for each core)") var searchThreads: String?
    @Option(
        help: ArgumentHelp(
            "What lookups may wait, in a queue that grows, before others are told overloaded. (default: 1ms)",
            discussion: "A burst is always taken. off: they wait as long as it takes.", valueName: "time|off"))
    var lookupDelay: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical, on standard error. (default: info)")
    var logLevel: String?
    @Option(
        help: ArgumentHelp(
            "The certificate of the service, PEM, behind it those between it and the authority that clients trust.",
            valueName: "file"))
    var tlsCertificate: String?
    @Option(help: ArgumentHelp("Its private key, PEM, without a passphrase.", valueName: "file")) var tlsKey: String?
    @Option(
        help: ArgumentHelp(
            "The authorities whose certificates clients must have, PEM. (default: clients need none)",
            valueName: "file"))
    var tlsClientCa: String?
    @Flag(help: "Listen without TLS where other machines can reach it: on a network that keeps others out itself.")
    var insecurePlaintext = false
    @Option(help: "A JSON file with any of these. (default: SEMBLANCE_CONFIG)") var config: String?
    @Flag(help: "The data directory holds a restored backup: begin a new incarnation, and fence it.") var restored =
        false

    func run() async throws {
        do {
            let environment = ProcessInfo.processInfo.environment
            let layers = try await ConfigurationLayers(
                options: options, environment: environment,
                file: ClientOptions.choose(config, "--config", environment, "SEMBLANCE_CONFIG").text)
            let settings = try ServeSettings(layers)
            LoggingSystem.bootstrap { label in
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = settings.logLevel
                return handler
            }
            let service = try await ServiceProcess.open(
                settings, environment: environment, isRestored: restored, logger: Logger(label: "semblance"))
            service.log()
            let group = service.group(reloadsOnHangup: true) { addresses, metricsAddress in
                for line in service.greeting(addresses, metricsAddress) { Terminal.output.line(line) }
                ServiceManager.notify("READY=1", environment: environment)
            }
            try await group.run()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            ErrorReport(error).print(asJSON: false)
            throw ErrorReport.Exit.failed
        }
    }

    private var options: [ServeSettings.Key: [String]] {
        var options: [ServeSettings.Key: [String]] = [:]
        if !listen.isEmpty { options[.listen] = listen }
        if !maxNamespaceBytes.isEmpty { options[.maxNamespaceBytes] = maxNamespaceBytes }
        for (key, text) in [
            (ServeSettings.Key.metricsListen, metricsListen), (.data, data), (.tokens, tokens),
            (.durability, durability), (.mapSize, mapSize), (.maxEntries, maxEntries), (.maxBytes, maxBytes),
            (.eviction, eviction), (.searchThreads, searchThreads), (.lookupDelay, lookupDelay), (.logLevel, logLevel),
            (.tlsCertificate, tlsCertificate), (.tlsKey, tlsKey), (.tlsClientCa, tlsClientCa),
            (.insecurePlaintext, insecurePlaintext ? "true" : nil),
        ] {
            if let text { options[key] = [text] }
        }
        return options
    }
}
