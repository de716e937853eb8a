/// A sample in words: a screen of lines for a terminal, one line for a file.
struct WatchText {
    let sample: WatchSample
    let address: String

    // MARK: A screen

    var lines: [String] {
        var table = WatchTable.empty
        for (name, counts) in sample.histograms { table.add(WatchTable.cells(name, counts)) }
        return [heading, ""] + TextTable.pairs(pairs) + ["", "of the last \(seconds):"] + table.lines
    }

    private var heading: String {
        let version = sample.now.texts["version"] ?? ""
        let up = DurationText.text(milliseconds: Int64(sample.now["uptimeSeconds"]) * 1_000)
        let state = sample.now["engine.isFenced"] == 1 ? ", fenced" : ""
        return "semblance \(version) at \(address), up \(up)\(state)"
    }

    private var seconds: String { NumberText.fixed(sample.elapsed.seconds, digits: 1) + " s" }

    private var pairs: [(name: String, value: String)] {
        let now = sample.now
        let misses = [
            ("nothing stored", WatchSample.missPaths[0]), ("below threshold", WatchSample.missPaths[1]),
            ("stale", WatchSample.missPaths[2]), ("expired", WatchSample.missPaths[3]),
            ("fenced", WatchSample.missPaths[4]), ("refused", "engine.lookupsRefused"),
        ].filter { sample.growth($0.1) > 0 }.map { "\($0.0) \(percent([$0.1]))" }
        return [
            ("lookups", "\(rate(WatchSample.lookupPaths)), hits \(percent(WatchSample.hitPaths))"),
            ("others", misses.isEmpty ? "-" : misses.joined(separator: ", ")),
            (
                "inserts",
                "\(rate(["engine.inserts"])), refused \(rate(["engine.insertsRefused"])), "
                    + "stale among them \(rate(["engine.insertsStale"]))"
            ),
            (
                "removals",
                "invalidations \(rate(["engine.invalidations"])), evictions \(rate(["engine.evictions"])), "
                    + "reclaimed \(rate(["engine.reclaimed"]))"
            ),
            (
                "holds",
                "\(NumberText.count(now["engine.entryCount"], "entry", "entries")), "
                    + "\(NumberText.grouped(now["engine.rowCount"])) rows in "
                    + "\(NumberText.count(now["engine.namespaceCount"], "namespace", "namespaces")), "
                    + ByteCountText.text(bytes: now["engine.usedBytes"])
            ),
            (
                "waiting",
                "\(NumberText.grouped(now["engine.lookupsWaiting"])) reads, "
                    + "\(NumberText.grouped(now["engine.writesWaiting"])) writes, "
                    + "\(ByteCountText.text(bytes: now["server.bytesInFlight"])) in flight"
            ),
            (
                "network",
                "\(NumberText.count(now["server.connections"], "connection", "connections")), "
                    + "\(bytes("server.bytesReceived"))/s in, \(bytes("server.bytesSent"))/s out"
            ),
            ("snapshot", DurationText.text(milliseconds: Int64(now["engine.snapshotAgeMilliseconds"])) + " old"),
        ]
    }

    private func rate(_ paths: [String]) -> String { "\(NumberText.grouped(whole(sample.perSecond(paths))))/s" }
    private func bytes(_ path: String) -> String { ByteCountText.text(bytes: whole(sample.perSecond(path))) }
    private func percent(_ paths: [String]) -> String {
        sample.share(paths).map { NumberText.fixed($0 * 100, digits: 1) + "%" } ?? "-"
    }

    private func whole(_ number: Double) -> Int { Int(exactly: number.rounded()) ?? 0 }

    // MARK: A line

    private static let titles = [
        "lookups/s", "hit%", "stale%", "p50_us", "p99_us", "search_p99_us", "inserts/s", "invalidations/s",
        "commit_p99_us", "entries", "reads_waiting", "writes_waiting",
    ]

    /// The titles of `line`, as wide as what stands under them.
    static var titleLine: String { titles.map { padded($0, $0.count) }.joined(separator: "  ") }

    var line: String {
        func microseconds(_ name: String, _ share: Double) -> String {
            sample.histogram(name).quantile(share).map { NumberText.fixed(Double($0) / 1_000, digits: 0) } ?? "-"
        }
        func percent(_ paths: [String]) -> String {
            sample.share(paths).map { NumberText.fixed($0 * 100, digits: 1) } ?? "-"
        }
        let cells = [
            "\(whole(sample.perSecond(WatchSample.lookupPaths)))", percent(WatchSample.hitPaths),
            percent(["engine.missesStale"]), microseconds("request.lookup", 0.5), microseconds("request.lookup", 0.99),
            microseconds("stage.search", 0.99), "\(whole(sample.perSecond("engine.inserts")))",
            "\(whole(sample.perSecond("engine.invalidations")))", microseconds("commit.entries", 0.99),
            "\(sample.now["engine.entryCount"])", "\(sample.now["engine.lookupsWaiting"])",
            "\(sample.now["engine.writesWaiting"])",
        ]
        return zip(cells, Self.titles).map { Self.padded($0, $1.count) }.joined(separator: "  ")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
