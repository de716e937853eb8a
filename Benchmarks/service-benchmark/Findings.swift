import BenchmarkHarness
import Foundation

/// Everything that was measured, for people and for programs.
final class Findings {
    /// What a bar says, and what came out.
    struct Finding: Encodable {
        var part: String
        var name: String
        var bar: String
        var measured: Double
        /// Of the same thing at a peer, where the bar names one.
        var peer: Double?
        var unit: String
        /// Of what was measured to what the bar allows or asks for.
        var ratio: Double
        /// Nil of a comparison that no bar speaks of.
        var isMet: Bool?
    }

    /// One way of doing something, round by round.
    struct Series: Encodable {
        var part: String
        var name: String
        var placement: Placement?
        var unit: String
        var median: Double
        var rounds: [Double]
    }

    struct Setup: Encodable {
        var date = Date.now.formatted(.iso8601)
        var machine = Machine.description
        var kernel = Machine.kernel
        var semblance: String
        var redis = Machine.version(of: "redis-server", "--version")
        var seed: UInt64
        var loadBefore = Machine.load
        var loadAfter: String?
    }

    private struct Document: Encodable {
        var setup: Setup
        var findings: [Finding]
        var series: [Series]
    }

    let report: Report
    private(set) var findings: [Finding] = []
    private var series: [Series] = []
    private var setup: Setup

    init(_ options: Options) {
        report = Report(isPrinted: !options.isJSON)
        setup = Setup(
            semblance: Machine.version(of: options.binaries.appending(path: "semblance").path, "--version"),
            seed: options.seed)
        report.line(
            "\(setup.machine), \(setup.kernel); semblance \(setup.semblance), Redis \(setup.redis); seed \(setup.seed). "
                + "Load average \(setup.loadBefore) before.")
        report.line()
    }

    /// - Returns: the median.
    @discardableResult
    func note(
        _ part: Options.Part, _ name: String, _ unit: String, _ rounds: [Double], placement: Placement? = nil
    ) -> Double {
        series.append(
            Series(
                part: part.rawValue, name: name, placement: placement, unit: unit, median: rounds.median, rounds: rounds
            ))
        return rounds.median
    }

    /// - Parameters:
    ///   - limit: in the same unit; the bar in words is `bar`.
    ///   - isFloor: whether the limit is the least that will do, and not the most.
    ///   - isBar: false for a comparison that stands there for the reader.
    func judge(
        _ part: Options.Part, _ name: String, bar: String, _ measured: Double, _ unit: String, limit: Double,
        isFloor: Bool = false, isBar: Bool = true, peer: Double? = nil
    ) {
        let ratio = limit > 0 ? measured / limit : .infinity
        let isMet = limit > 0 && (isFloor ? ratio >= 1 : ratio <= 1)
        findings.append(
            Finding(
                part: part.rawValue, name: name, bar: bar, measured: measured, peer: peer, unit: unit,
                ratio: ratio.isFinite ? ratio : 0, isMet: isBar ? isMet : nil))
    }

    /// What is happening, for whoever waits.
    func progress(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    func table(_ header: [String], _ rows: [[String]]) {
        report.line("| " + header.joined(separator: " | ") + " |")
        report.line("|---|" + header.dropFirst().map { _ in "---:|" }.joined())
        for row in rows { report.line("| " + row.joined(separator: " | ") + " |") }
        report.line()
    }

    func finish(_ options: Options) throws {
        setup.loadAfter = Machine.load
        report.line("## Bars")
        report.line()
        table(
            ["what", "bar", "measured", "peer", "of the bar", "met"],
            findings.map {
                [
                    $0.name, $0.bar, "\($0.measured.short) \($0.unit)", $0.peer.map { "\($0.short)" } ?? "–",
                    $0.ratio.formatted(.number.precision(.fractionLength(2)).locale(.report)),
                    $0.isMet.map { $0 ? "met" : "**missed**" } ?? "–",
                ]
            })
        report.line("Load average \(Machine.load) after.")
        if options.isJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            FileHandle.standardOutput.write(
                try encoder.encode(Document(setup: setup, findings: findings, series: series)) + Data("\n".utf8))
        }
        if let url = options.markdown { try report.text.write(to: url, atomically: true, encoding: .utf8) }
    }
}

extension Locale {
    /// Reports are the same whoever's machine it is.
    fileprivate static let report = Locale(identifier: "en_US")
}

extension Int {
    /// `23,456`
    var grouped: String { formatted(.number.locale(.report)) }
}

extension Double {
    /// Three digits, or all before the point: `12.3`, `0.0123`, `23,456`.
    var short: String {
        guard isFinite else { return "–" }
        let style = FloatingPointFormatStyle<Double>.number.locale(.report)
        return magnitude >= 1_000
            ? formatted(style.precision(.fractionLength(0))) : formatted(style.precision(.significantDigits(1...3)))
    }
}
