import ArgumentParser
import FoundationEssentials
import Gateway
import GatewayCore
import PromptMatching
import TrafficReplay

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Say what the cache would have saved on a log of requests.",
        discussion: """
            LOG.jsonl has a request on each line, in their order: whole requests, prompts alone, batch inputs, or rows of \
            spend logs (docs/REPLAY.md). Nothing is sent anywhere; no cache and no model is asked.
            """)

    @Argument(help: "The log, a JSON object on each line; - for standard input.") var log: String
    @OptionGroup var options: GatewayOptions
    @OptionGroup var settings: ReplayOptions

    func validate() throws {
        try settings.validate()
    }

    func run() async throws {
        let configuration = try options.readConfiguration()
        do {
            let report = try await replay(configuration)
            try settings.write(report)
        } catch let code as ExitCode {
            throw code
        } catch let error as GatewayError {
            Terminal.error(error.message)
            throw ExitCode(65)
        } catch {
            Terminal.error("\(error)")
            throw ExitCode(65)
        }
    }

    private func replay(_ configuration: GatewayConfiguration) async throws -> ReplayReport {
        let environment = ProcessInfo.processInfo.environment
        var prices = PriceTable.builtIn
        if let path = settings.prices { prices = try PriceTable(liteLLM: try Self.read(path), origin: path) }
        let log = try read(try settings.rules(configuration, prices: prices))
        guard log.requestCount > 0 else {
            for problem in log.problems { Terminal.error("line \(problem.line): \(problem.reason)") }
            Terminal.error("There is no request in \(self.log) that can be replayed.")
            throw ExitCode(65)
        }
        let models = try settings.models(configuration)
        var labels = PairLabels()
        if let path = settings.pairs {
            labels = PairLabels(
                try LabeledPairs(csv: String(decoding: try Self.read(path), as: UTF8.self)), log: log)
        }
        let stages = StageProgress()
        let replay = TrafficReplay(log, labels: labels, judge: models.judge)
        var report = try await replay.run(settings.targets, embedder: models.embedder, environment: environment) {
            stages.show($0, $1, of: $2)
        }
        stages.end()
        report.priceOrigin = prices.origin
        return report
    }

    private func read(_ rules: ReplayRules) throws -> TrafficLog {
        var lines = try LineReader(path: log)
        var trafficLog = TrafficLog(rules: rules)
        let progress = ProgressLine("reading \(log)")
        var isShown = false
        while let line = try lines.next() {
            switch line {
            case .bytes(let bytes): trafficLog.take(bytes)
            case .tooLong: trafficLog.take(nil)
            }
            // Short files are read before anybody wonders.
            if let size = lines.fileBytes, size > Self.shownBytes {
                progress.show(Double(lines.readBytes) / Double(size))
                isShown = true
            }
        }
        if isShown { progress.end() }
        return trafficLog
    }

    private static let shownBytes = 16 << 20

    private static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(path) cannot be read")
        }
        return Array(data)
    }
}

/// A line of progress for each stage that takes longer than a second.
private final class StageProgress {
    private var stage: TrafficReplay.Stage?
    private var start = ContinuousClock.now
    private var line: ProgressLine?

    func show(_ stage: TrafficReplay.Stage, _ done: Int, of total: Int) {
        if stage != self.stage {
            end()
            self.stage = stage
            start = .now
        }
        guard total > 0, line != nil || ContinuousClock.now - start > .seconds(1) else { return }
        if line == nil { line = ProgressLine(Self.name(stage, total)) }
        line?.show(Double(done) / Double(total))
    }

    func end() {
        line?.end()
        line = nil
    }

    private static func name(_ stage: TrafficReplay.Stage, _ total: Int) -> String {
        switch stage {
        case .encoding: "encoding \(total) texts"
        case .searching: "searching \(total) questions"
        case .replaying: "replaying at \(total) thresholds"
        }
    }
}
