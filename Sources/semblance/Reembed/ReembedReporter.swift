import CacheModel
import Reembedding

/// Shows how a move goes, what it came to, and what to do next.
final class ReembedReporter {
    private let command: ReembedCommand
    private let dollarsPerToken: Double?
    private let entryCount: Int
    private var progress: ProgressReport?
    private var start = ReembedTally()
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant

    init(command: ReembedCommand, entryCount: Int, dollarsPerToken: Double?) {
        self.command = command
        self.entryCount = entryCount
        self.dollarsPerToken = dollarsPerToken
        began = clock.now
    }

    private var isJSON: Bool { command.client.json }

    func show(_ forecast: ReembedForecast) {
        let cost = dollarsPerToken.map { Double(forecast.tokenEstimate) * $0 }
        guard !isJSON else {
            Terminal.output.line(
                JSONText.fields([
                    "from": .text(command.from), "into": .text(command.to), "dryRun": true,
                    "promptCount": .integer(forecast.promptCount), "promptBytes": .integer(forecast.promptBytes),
                    "tokenEstimate": .integer(forecast.tokenEstimate), "costEstimateUsd": cost.map { .number($0) },
                    "keptByKeyCount": .integer(forecast.keyCount), "leftOutCount": .integer(forecast.leftOutCount),
                ]).line)
            return
        }
        Terminal.output.line(
            "\(NumberText.count(forecast.promptCount, "prompt", "prompts")) to embed, "
                + "\(ByteCountText.text(bytes: forecast.promptBytes)), some "
                + "\(NumberText.grouped(forecast.tokenEstimate)) tokens\(Self.dollars(cost))")
        if forecast.keyCount > 0 {
            Terminal.output.line(
                "\(NumberText.grouped(forecast.keyCount)) to keep without a vector, found by their key")
        }
        if forecast.leftOutCount > 0 {
            Terminal.output.line(
                "\(NumberText.grouped(forecast.leftOutCount)) to leave out: they have neither a prompt nor a key")
        }
    }

    /// - Parameter threshold: that was taken over from the other model; nil when somebody chose it.
    func begin(_ state: ReembedState, threshold: Float?) {
        start = state.tally
        progress = ProgressReport(
            terminal: .error, unit: "entries", total: entryCount, start: min(entryCount, start.entryCount))
        guard !isJSON else { return }
        if start.entryCount > 0 {
            Terminal.output.line("going on after \(NumberText.count(start.entryCount, "entry", "entries"))")
        }
        if let threshold {
            Terminal.output.line(
                "\(command.to) has the threshold \(NumberText.fixed(Double(threshold), digits: 2)) of \(command.from): "
                    + "another model may need another one (--threshold)")
        }
    }

    func show(_ state: ReembedState) {
        guard !isJSON else { return }
        progress?.show(min(entryCount, state.tally.entryCount), elapsed: clock.now - began)
    }

    func interrupted(_ state: ReembedState) {
        finish(state)
        if isJSON {
            Terminal.output.line(document(state, nil).line)
        } else {
            Terminal.error.line("interrupted; the same command goes on")
        }
    }

    func end(_ state: ReembedState, _ coverage: ReembedCoverage) {
        finish(state)
        guard !isJSON else {
            Terminal.output.line(document(state, coverage).line)
            return
        }
        for line in lines(state, coverage, elapsed: clock.now - began) { Terminal.output.line(line) }
    }

    private func finish(_ state: ReembedState) {
        guard !isJSON else { return }
        progress?.finish(min(entryCount, state.tally.entryCount), elapsed: clock.now - began)
    }

    func lines(_ state: ReembedState, _ coverage: ReembedCoverage, elapsed: Duration) -> [String] {
        let (tally, from, to) = (state.tally, command.from, command.to)
        let count = tally.entryCount - start.entryCount
        let rate = elapsed.seconds > 0 ? Int(Double(count) / elapsed.seconds) : 0
        var lines = [
            "\(from) → \(to): \(NumberText.count(count, "entry", "entries")), "
                + "\(NumberText.fixed(elapsed.seconds, digits: 2)) s, \(NumberText.grouped(rate)) entries/s"
                + Self.dollars(dollarsPerToken.map { Double(tally.tokenCount - start.tokenCount) * $0 })
        ]
        let parts: [(Int, String)] = [
            (tally.movedCount - start.movedCount, "embedded and stored"),
            (tally.keptByKeyCount - start.keptByKeyCount, "kept without a vector, found by their key"),
            (tally.alreadyThereCount - start.alreadyThereCount, "there already"),
            (tally.outdatedCount - start.outdatedCount, "out of date by the time they were to be stored"),
            (tally.leftOutCount - start.leftOutCount, "left out: neither a prompt nor a key"),
        ]
        lines += parts.filter { $0.0 > 0 }.map { "  \(NumberText.grouped($0.0)) \($0.1)" }
        lines.append(
            "\(to) holds \(NumberText.grouped(coverage.targetCount)) answers, \(from) "
                + "\(NumberText.grouped(coverage.sourceCount)): "
                + "\(coverage.isWarm ? "warm" : "not warm yet") "
                + "(\(NumberText.fixed(coverage.share * 100, digits: 1)) %)"
        )
        guard coverage.isWarm else { return lines + ["next: the same command once more"] }
        return lines + [
            "next: have the app look up and insert in \(to), with vectors of \(command.label ?? command.model);",
            "  then the same command once more, for what came to \(from) meanwhile;",
            "  announce to \(to), then `semblance namespace follow \(to) --none`;",
            "  at last `semblance namespace drop \(from)`",
        ]
    }

    private func document(_ state: ReembedState, _ coverage: ReembedCoverage?) -> JSONText {
        let tally = state.tally
        let cost = dollarsPerToken.map { Double(tally.tokenCount) * $0 }
        return .fields([
            "from": .text(command.from), "into": .text(command.to), "complete": .flag(coverage != nil),
            "movedCount": .integer(tally.movedCount), "keptByKeyCount": .integer(tally.keptByKeyCount),
            "alreadyThereCount": .integer(tally.alreadyThereCount), "outdatedCount": .integer(tally.outdatedCount),
            "leftOutCount": .integer(tally.leftOutCount), "tokenCount": .integer(tally.tokenCount),
            "costUsd": cost.map { .number($0) },
            "sourceCount": coverage.map { .integer($0.sourceCount) },
            "targetCount": coverage.map { .integer($0.targetCount) },
            "coverage": coverage.map { .number($0.share) }, "isWarm": coverage.map { .flag($0.isWarm) },
            "elapsedMicroseconds": .integer((clock.now - began).microseconds),
        ])
    }

    private static func dollars(_ amount: Double?) -> String {
        guard let amount else { return "" }
        return ", $\(NumberText.fixed(amount, digits: amount < 1 ? 4 : 2))"
    }
}
