import CacheModel
import SemblanceClient

extension BenchResult {
    /// For people: what was done, a table of times, and what is to be said about them.
    var lines: [String] {
        guard isMeasured else { return interruptedLines }
        var lines = [target, manner]
        if let load {
            let seconds = load.elapsed.seconds
            let rate = seconds > 0 ? Int(Double(load.rowCount) / seconds) : 0
            lines.append(
                "loaded \(NumberText.count(load.rowCount, "row", "rows")) in \(NumberText.fixed(seconds, digits: 2)) s, "
                    + "\(NumberText.grouped(rate)) rows/s")
        }
        if !ping.isEmpty {
            let median = Self.microseconds(ping.nanoseconds(atPercentile: 50))
            lines.append("a ping on an idle connection takes \(median) µs, the median of \(ping.count)")
        }
        let elapsed = NumberText.fixed(Double(tally.elapsedNanoseconds) / 1e9, digits: 2)
        lines += [
            "",
            "\(NumberText.count(tally.answeredCount, "request", "requests")) answered in \(elapsed) s, "
                + "\(NumberText.grouped(Int(perSecond(tally.answeredCount)))) a second"
                + (isInterrupted ? "; interrupted" : ""),
            "",
        ]
        return lines + table + [""] + outcomes + verdict
    }

    private var interruptedLines: [String] {
        let rows = NumberText.count(material.vectors?.rowCount ?? 0, "row", "rows")
        return ["interrupted after \(NumberText.grouped(load?.rowCount ?? 0)) of \(rows): nothing was measured"]
    }

    private var target: String {
        var line = "semblance \(serverVersion) at \(address), namespace \(EntryText.brief(material.namespace)): "
        line += NumberText.count(entryCount, "entry", "entries")
        if let dimension = material.dimension { line += ", \(dimension) dimensions" }
        return line
    }

    private var manner: String {
        var line: String
        switch settings.rate {
        case .maximum: line = "closed loop, as fast as replies come"
        case .perSecond(let rate): line = "open loop, \(Self.rate(rate)) requests/s"
        }
        line += ": \(NumberText.count(settings.connectionCount, "connection", "connections"))"
        line += " × \(NumberText.grouped(pipelineLimit)) in flight"
        line += timetable == nil ? "" : " at most"
        line += ", \(NumberText.count(threadCount, "thread", "threads")), "
        return line + (settings.isOnce ? "each query once" : "mix \(settings.mix), seed \(settings.seed)")
    }

    private static let percentiles: [(name: String, percentile: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("max", 100),
    ]

    private var table: [String] {
        var table = TextTable(
            [.init("TIMES IN µs"), .init("COUNT", .right), .init("A SECOND", .right)]
                + Self.percentiles.map { .init($0.name.uppercased(), .right) })
        for kind in BenchKind.allCases where tally[kind].sentCount > 0 {
            let latency = tally[kind].latency
            let rate = NumberText.grouped(Int(perSecond(latency.count)))
            table.add([kind.name, NumberText.grouped(latency.count), rate] + Self.times(latency))
            if kind == .lookup {
                table.add(["  search", "", ""] + Self.times(tally.search))
                table.add(["  overhead", "", ""] + Self.times(tally.overhead))
            }
        }
        return table.lines
    }

    private static func times(_ histogram: BenchHistogram) -> [String] {
        percentiles.map {
            histogram.isEmpty ? "-" : microseconds(histogram.nanoseconds(atPercentile: $0.percentile))
        }
    }

    private var outcomes: [String] {
        var pairs: [(name: String, value: String)] = []
        let lookups = tally.hitCount + tally.missCount
        if lookups > 0 {
            var value = "\(Self.share(tally.hitCount, of: lookups)) hits"
            for reason in Miss.Reason.allCases {
                let count = tally.missCounts[reason] ?? 0
                if count > 0 { value += ", \(Self.share(count, of: lookups)) \(LookupText.name(reason))" }
            }
            pairs.append(("lookups", value))
        }
        if tally[.insert].answeredCount > 0 {
            let count = NumberText.grouped(tally.replacedCount)
            pairs.append(("inserts", "\(count) in the place of an entry with the same key"))
        }
        if settings.rate != .maximum, !tally.sendDelay.isEmpty {
            let (median, most) = (tally.sendDelay.nanoseconds(atPercentile: 50), tally.sendDelay.maximumNanoseconds)
            pairs.append(
                (
                    "timetable",
                    "requests were sent \(Self.microseconds(median)) µs late at the median, "
                        + "\(Self.microseconds(most)) µs at most"
                ))
        }
        pairs.append(("errors", errorText))
        return TextTable.pairs(pairs)
    }

    private var errorText: String {
        guard tally.errorCount > 0 else { return "none" }
        return BenchKind.allCases.flatMap { kind in
            tally[kind].errors.sorted { $0.key.number < $1.key.number }.map { code, count in
                "\(NumberText.grouped(count)) \(kind.name) \(code.rawValue)"
            }
        }.joined(separator: ", ")
    }

    /// What makes the figures other than they were meant to be.
    private var verdict: [String] {
        var lines: [String] = []
        if isRateKept == false {
            let behind = NumberText.fixed(Double(tally.behindNanoseconds) / 1e9, digits: 2)
            var line = "the generator was behind by \(behind) s: "
            line +=
                tally.unsentCount > 0
                ? "\(NumberText.count(tally.unsentCount, "request was", "requests were")) due and not sent, "
                    + "and the times above leave them out"
                : "the last request was sent so late"
            lines.append(line)
            lines.append(
                wasServiceBehind
                    ? "  The service did not keep up: all connections were full with requests in flight."
                    : "  The generator itself, or this machine, did not keep up: connections had room.")
        }
        if tally.lostConnectionCount > 0 {
            let count = NumberText.count(tally.lostConnectionCount, "connection was", "connections were")
            lines.append("\(count) lost" + (areConnectionsLost ? ": the load ended early" : ""))
        }
        if forgottenQueryCount > 0 {
            let all = NumberText.count(material.lookups.count, "query was", "queries were")
            lines.append("\(NumberText.grouped(forgottenQueryCount)) of \(all) not looked up")
        }
        if tally.unansweredCount > 0 {
            let count = NumberText.count(tally.unansweredCount, "request was", "requests were")
            lines.append("\(count) not waited for at the end")
        }
        return lines
    }

    // MARK: Numbers

    /// Tenths below 100 µs, where they matter.
    static func microseconds(_ nanoseconds: UInt64) -> String {
        let microseconds = Double(nanoseconds) / 1_000
        return microseconds < 100
            ? NumberText.fixed(microseconds, digits: 1) : NumberText.grouped(Int(microseconds.rounded()))
    }

    private static func share(_ count: Int, of total: Int) -> String {
        "\(NumberText.grouped(count)) (\(NumberText.fixed(Double(count) * 100 / Double(total), digits: 1))%)"
    }

    private static func rate(_ rate: Double) -> String {
        rate == rate.rounded() ? NumberText.grouped(Int(rate)) : NumberText.fixed(rate, digits: 3)
    }
}
