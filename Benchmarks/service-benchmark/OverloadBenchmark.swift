import BenchmarkHarness
import Foundation
import ServiceLoad

/// Lookups at twice the rate that the service can do, whatever it answers: do those that it accepts stay quick?
struct OverloadBenchmark {
    let options: Options
    let findings: Findings

    private static let allowedFactor = 5.0
    /// Low enough that searching is most of the work. At 0.95 a search takes no longer than it takes to send and read a
    /// request, and on two processors the client would be measured, who has one of them.
    private static let threshold: Float = 0.7

    func run() throws {
        let folder = try TemporaryFolder("service-benchmark")
        defer { folder.remove() }
        let semblance = try SemblanceServer(options, data: folder["data"], log: folder["semblance.log"])
        defer { semblance.end() }
        let workload = Workload(options, rowCount: options.rows)
        try workload.fill(semblance)
        let load = try LookupLoad(
            port: semblance.port, connectionCount: options.overloadConnections, frames: try workload.lookups(2_000, threshold: Self.threshold))

        findings.progress("  capacity")
        _ = try load.run(.closed(inFlight: 8), seconds: options.seconds)
        let closed = try (0..<options.rounds).map { _ in try load.run(.closed(inFlight: 8), seconds: options.seconds) }
        let capacity = findings.note(.overload, "capacity", "/s", closed.map(\.acceptedPerSecond))
        let refused = closed.map { 100 * share($0.refusedCount, $0.dueCount) }
        findings.note(.overload, "refused in the closed loop", "%", refused)
        findings.progress("  a fifth of it")
        let calm = try load.run(.open(perSecond: capacity / 5), seconds: options.overloadSeconds)
        findings.progress("  twice as much")
        let flood = try load.run(.open(perSecond: capacity * 2), seconds: options.overloadSeconds)
        let after = try load.run(.open(perSecond: capacity / 5), seconds: options.overloadSeconds)
        write(
            capacity, refused.max() ?? 0, [("a fifth of the capacity", calm), ("twice the capacity", flood), ("a fifth, after it", after)])
        let base = calm.fromSent.microseconds(atPercentile: 99)
        findings.judge(
            .overload, "p99 of accepted lookups at twice the capacity, from when they were sent",
            bar: "≤ 5 × unloaded", flood.fromSent.microseconds(atPercentile: 99), "µs",
            limit: Self.allowedFactor * base,
            peer: base)
        let baseDue = calm.fromDue.microseconds(atPercentile: 99)
        findings.judge(
            .overload, "the same, from when they were due", bar: "≤ 5 × unloaded",
            flood.fromDue.microseconds(atPercentile: 99), "µs", limit: Self.allowedFactor * baseDue, peer: baseDue)
        let overloaded = flood.refusals.filter { ServiceReply.name(of: $0.key) == "overloaded" }.values.reduce(0, +)
        let rest = flood.dueCount - flood.acceptedCount
        findings.judge(
            .overload, "share of the others that were told `overloaded`", bar: "all", 100 * share(overloaded, rest),
            "%", limit: 100, isFloor: true)
    }

    private func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 1 : Double(part) / Double(whole) }

    private func write(_ capacity: Double, _ refusedPercent: Double, _ loads: [(String, LookupLoad.Outcome)]) {
        findings.report.line("## Overload")
        findings.report.line()
        findings.report.line(
            "\(options.rows.grouped) rows, threshold \(Self.threshold), \(options.overloadConnections) connections; \(capacity.short) lookups/s in a "
                + "closed loop with 8 under way on each, the median of \(options.rounds) rounds of \(options.seconds.short) "
                + "s, in none of which more than \(refusedPercent.short) % were refused. Then open loops of \(options.overloadSeconds.short) s; times of accepted lookups, ms.")
        findings.report.line()
        findings.table(
            [
                "rate", "due", "accepted", "accepted/s", "refused", "not sent", "not answered", "connections lost",
                "p50 from sent", "p99 from sent", "p99 from due", "p99 until refused", "generator late, p99",
            ],
            loads.map { name, outcome in
                let milliseconds = [
                    outcome.fromSent.microseconds(atPercentile: 50), outcome.fromSent.microseconds(atPercentile: 99),
                    outcome.fromDue.microseconds(atPercentile: 99), outcome.untilRefused.microseconds(atPercentile: 99),
                    outcome.lateness.microseconds(atPercentile: 99),
                ].map { $0 / 1_000 }
                let figures = ["p50 from sent", "p99 from sent", "p99 from due", "p99 until refused", "lateness p99"]
                for (figure, value) in zip(figures, milliseconds) {
                    findings.note(.overload, "\(name), \(figure)", "ms", [value])
                }
                let counts = [
                    outcome.acceptedCount, outcome.refusedCount, outcome.unsentCount, outcome.unansweredCount,
                ]
                for (figure, count) in zip(["accepted", "refused", "not sent", "not answered"], counts) {
                    findings.note(.overload, "\(name), \(figure)", "%", [100 * share(count, outcome.dueCount)])
                }
                let refusals = outcome.refusals.sorted { $0.key < $1.key }
                    .map { "\($0.value.grouped) \(ServiceReply.name(of: $0.key))" }.joined(separator: ", ")
                return [
                    name, outcome.dueCount.grouped, outcome.acceptedCount.grouped,
                    outcome.acceptedPerSecond.short, refusals.isEmpty ? "0" : refusals,
                    outcome.unsentCount.grouped, outcome.unansweredCount.grouped,
                    outcome.lostConnectionCount.grouped,
                ] + milliseconds.map(\.short)
            })
    }
}
