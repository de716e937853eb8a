import CacheModel
import Testing

@testable import semblance

@Suite struct StatisticsWatchTests {
    private static let first = """
        {"version":"0.1.0","uptimeSeconds":60,
         "engine":{"hitsByVector":10,"hitsByKey":0,"missesStale":5,"inserts":7,"entryCount":1000,"namespaceCount":2,
                   "usedBytes":1048576,"isFenced":false,"kernel":"serial","snapshotAgeMilliseconds":200},
         "server":{"connections":3,"bytesReceived":0},
         "histograms":{"request.lookup":{"count":2,"sum":2048,"buckets":{"1024":2}},
                       "searchBatch":{"count":2,"sum":2,"buckets":{"1":2}}}}
        """
    private static let second = """
        {"version":"0.1.0","uptimeSeconds":62,
         "engine":{"hitsByVector":40,"hitsByKey":10,"missesStale":10,"inserts":9,"entryCount":1002,"namespaceCount":2,
                   "usedBytes":1048576,"isFenced":true,"kernel":"serial","snapshotAgeMilliseconds":200},
         "server":{"connections":3,"bytesReceived":4096},
         "histograms":{"request.lookup":{"count":102,"sum":2048,"buckets":{"1024":51,"131072":50,"2097152":1}},
                       "searchBatch":{"count":2,"sum":2,"buckets":{"1":2}}}}
        """

    private func sample(
        _ now: String = second, before: String = first, elapsed: Duration = .seconds(2)
    ) throws -> WatchSample {
        WatchSample(now: try StatisticsDocument(now), before: try StatisticsDocument(before), elapsed: elapsed)
    }

    @Test func ratesAndSharesAreOfTheTimeBetweenTwoLooks() throws {
        let sample = try sample()
        #expect(sample.perSecond(WatchSample.lookupPaths) == 22.5)
        #expect(sample.perSecond("engine.inserts") == 1)
        #expect(sample.share(WatchSample.hitPaths) == 40.0 / 45)
        #expect(sample.share(["engine.missesStale"]) == 5.0 / 45)
        let lookups = sample.histogram("request.lookup")
        #expect(lookups.count == 100)
        #expect(lookups.quantile(0.49) == 1_024)
        #expect(lookups.quantile(0.5) == 131_072)
        #expect(lookups.quantile(0.99) == 131_072)
        #expect(lookups.quantile(1) == 2_097_152)
        #expect(sample.histograms.map(\.name) == ["request.lookup"], "what was not measured meanwhile is not shown")
    }

    @Test func withoutLookupsThereIsNoShareAndWithoutTimeNoRate() throws {
        #expect(try sample(Self.first).share(WatchSample.hitPaths) == nil)
        #expect(try sample(elapsed: .zero).perSecond("engine.inserts") == 0)
        #expect(BucketCounts().quantile(0.5) == nil)
    }

    @Test func afterARestartEverythingIsNew() throws {
        let sample = try sample(Self.first, before: Self.second)
        #expect(sample.growth("engine.inserts") == 7)
        #expect(sample.histogram("request.lookup").count == 2)
    }

    @Test func aServiceThatMeasuresNothingIsShownAllTheSame() throws {
        let sample = try sample(#"{"engine":{"inserts":1}}"#, before: "{}")
        #expect(sample.histograms.isEmpty)
        #expect(WatchText(sample: sample, address: "a").lines.contains { $0.hasPrefix("  inserts") })
    }

    @Test(arguments: ["", "[]", "17", "{"])
    func whatIsNoObjectIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try StatisticsDocument(text) }
    }

    @Test func aLineHasAColumnForEachTitle() throws {
        let text = WatchText(sample: try sample(), address: "here")
        let cells = text.line.split(separator: " ").map(String.init)
        let titles = WatchText.titleLine.split(separator: " ").map(String.init)
        #expect(cells == ["23", "88.9", "11.1", "131", "131", "-", "1", "0", "-", "1002", "0", "0"])
        #expect(titles.count == cells.count)
        #expect(text.line.count == WatchText.titleLine.count)
    }

    @Test func theScreenSaysWhatHappened() throws {
        let lines = WatchText(sample: try sample(), address: "here").lines
        #expect(lines.first == "semblance 0.1.0 at here, up 1m 2s, fenced")
        #expect(lines.contains("  lookups   23/s, hits 88.9%"))
        #expect(lines.contains("  others    stale 11.1%"))
        #expect(lines.contains("  holds     1,002 entries, 0 rows in 2 namespaces, 1.0 MiB"))
        #expect(lines.contains("  network   3 connections, 2.0 KiB/s in, 0 B/s out"))
        #expect(lines.last?.split(separator: " ").first == "request.lookup")
        #expect(lines.last?.hasSuffix("131 µs  131 µs  2.1 ms") == true, "\(lines.last ?? "")")
    }

    @Test func aTerminalIsDrawnOverAndAFileIsNot() throws {
        let sample = try sample()
        let terminal = Terminal(descriptor: -1, isTerminal: true, environment: [:])
        var screen = WatchScreen(terminal: terminal, isJSON: false, address: "here")
        let first = screen.text(sample)
        let lineCount = first.count { $0 == "\n" }
        #expect(first.hasPrefix("semblance 0.1.0"))
        #expect(lineCount < 24, "a terminal of unknown height")
        #expect(screen.text(sample) == "\u{1b}[\(lineCount)F" + first)
        let file = Terminal(descriptor: -1, isTerminal: false, environment: [:])
        var plain = WatchScreen(terminal: file, isJSON: false, address: "here")
        #expect(plain.text(sample).hasPrefix(WatchText.titleLine + "\n"))
        #expect(!plain.text(sample).contains("lookups/s"), "the titles come once")
        var json = WatchScreen(terminal: terminal, isJSON: true, address: "here")
        #expect(json.text(sample).hasPrefix(#"{"seconds":2,"perSecond":{"lookups":22.5,"hits":20,"inserts":1,"#))
    }

    @Test func theStatisticsAreShownAsGroupsAndTimes() throws {
        let lines = try StatisticsCommand.lines(Self.first)
        #expect(lines.prefix(3) == ["  uptimeSeconds  60", "  version        0.1.0", "engine"])
        #expect(lines.contains("  isFenced                 no"))
        #expect(lines.contains("  usedBytes                1.0 MiB"))
        #expect(!lines.contains { $0.contains("hitsByKey") || $0.contains("bytesReceived") }, "nothing happened there")
        #expect(lines.contains("times and sizes"))
        #expect(lines.last?.split(separator: " ").map(String.init) == ["searchBatch", "2", "1", "1", "1", "1"])
    }

    @Test(arguments: [
        (900, "0.9 µs"), (9_216, "9.2 µs"), (143_360, "143 µs"), (12_300_000, "12.3 ms"), (1_200_000_000, "1.20 s"),
        (Int.max, "more than a minute"),
    ])
    func timesHaveTheirUnit(_ nanoseconds: Int, _ text: String) { #expect(WatchTable.time(nanoseconds) == text) }
}
