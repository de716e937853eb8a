import ArgumentParser
import FoundationEssentials
import Gateway
import GatewayCore
import TrafficReplay

/// How a log is replayed, and where the result goes.
struct ReplayOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Cosine similarities to try: one, or FROM:TO:STEP. (default: 0.80:0.99:0.01)", valueName: "sweep"))
    var threshold: String?
    @Option(
        help: ArgumentHelp(
            "Precisions to try in place of thresholds, with a matcher: one, or FROM:TO:STEP.", valueName: "sweep"))
    var targetPrecision: String?
    @Option(help: "The folder of a matcher: match model and adapter. (default: matcher.folder, else guards alone)")
    var matcher: String?
    @Option(
        help: ArgumentHelp(
            "A use case whose threshold is tried, repeatable. (default: those with semantic on, else all)",
            valueName: "name"))
    var useCase: [String] = []
    @Option(help: "Who shares answers in the use cases that are tried: user, app or team. (default: as configured)")
    var share: Sharing?
    @Option(help: "The folder of the sentence encoder. (default: encoder.folder, else var/models/all-MiniLM-L6-v2)")
    var encoder: String?
    @Option(help: "Pairs of prompts and whether they ask the same: prompt_a,prompt_b,same_meaning.")
    var pairs: String?
    @Option(help: "Prices of models, in the form of LiteLLM's model_prices_and_context_window.json.")
    var prices: String?
    @Option(help: "The model of lines that name none. (default: unknown, which has no price)") var model: String?
    @Option(help: "Write a chart into this file.") var svg: String?
    @Option(help: "Write a page with chart, tables and false hits into this file.") var html: String?
    @Flag(help: "Print the result as JSON.") var json = false

    private static let standardSweep = "0.80:0.99:0.01"
    private static let standardEncoder = "var/models/all-MiniLM-L6-v2"

    func validate() throws {
        guard threshold == nil || targetPrecision == nil else {
            throw ValidationError("--threshold and --target-precision exclude each other.")
        }
        guard ThresholdSweep(threshold ?? Self.standardSweep) != nil else {
            throw ValidationError("--threshold is \(ThresholdSweep.expectation).")
        }
        guard let targetPrecision else { return }
        guard let sweep = ThresholdSweep(targetPrecision), sweep.values.allSatisfy({ $0 > 0 && $0 < 1 }) else {
            throw ValidationError("--target-precision is above 0 and below 1: \(ThresholdSweep.expectation).")
        }
    }

    var targets: [SemanticTarget] {
        if let targetPrecision { return (ThresholdSweep(targetPrecision)?.values ?? []).map { .precision($0) } }
        return (ThresholdSweep(threshold ?? Self.standardSweep)?.values ?? []).map { .similarity(Float($0)) }
    }

    /// - Throws: `ValidationError` for a use case that is not configured.
    func rules(_ configuration: GatewayConfiguration, prices: PriceTable) throws -> ReplayRules {
        for name in useCase where !configuration.useCases.contains(where: { $0.name == name }) {
            throw ValidationError("There is no use case '\(name)' in the configuration.")
        }
        var rules = ReplayRules(configuration, prices: prices, useCases: useCase)
        if let share {
            for name in rules.sweptUseCases { rules.policy.useCases[name]?.sharing = share }
        }
        if let model { rules.assumedModel = model }
        return rules
    }

    /// The encoder and the matcher of a replay.
    ///
    /// - Throws: `ValidationError` for a configuration whose encoder is a server, and for precisions without a matcher;
    ///   `ExitCode` for files that cannot be used, after that has been printed.
    func models(_ configuration: GatewayConfiguration) throws -> (embedder: any PromptEmbedder, judge: CandidateJudge) {
        var configuration = configuration
        if let encoder {
            configuration.encoder = .builtIn(folder: encoder)
        } else if configuration.encoder == .none {
            configuration.encoder = .builtIn(folder: Self.standardEncoder)
        }
        configuration.matcherFolder = matcher ?? configuration.matcherFolder
        guard configuration.matcherFolder != nil || targetPrecision == nil else {
            throw ValidationError("--target-precision needs a match model: name its folder with --matcher.")
        }
        let files = try ModelFiles(configuration)
        guard let embedder = files.embedder else {
            throw ValidationError("encoder.url is not asked for a whole log: name a folder with --encoder.")
        }
        return (files.matcher?.adapted(embedder) ?? embedder, CandidateJudge(model: files.matcher?.model))
    }

    /// Prints the result, and writes the files that were asked for.
    func write(_ report: ReplayReport) throws {
        if let svg { try Self.write(ReplayChart(report).svg, to: svg) }
        if let html { try Self.write(ReplayPage(report).html, to: html) }
        guard !json else { return Terminal.output(report.json) }
        let chart = BarChart(width: Terminal.outputWidth, isUnicode: Terminal.isUnicode)
        Terminal.output(
            [report.summary, report.table, chart.lines(report)].map { $0.joined(separator: "\n") }
                .joined(separator: "\n\n"))
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }
}

extension Sharing: ExpressibleByArgument {}
