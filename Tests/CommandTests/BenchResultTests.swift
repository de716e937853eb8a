import CacheModel
import Foundation
import SemblanceClient
import Testing

@testable import semblance

@Suite struct BenchResultTests {
    private let result: BenchResult

    init() throws {
        let folder = try TemporaryFolder()
        let rows = NumPyBytes.float32(NumPyBytes.randomRows(4, dimension: 2, seed: 1))
        let file = try NumPyFile(folder.write("v.npy", rows))
        var settings = BenchSettings(namespace: "n")
        settings.mix = try BenchMix(parsing: "2:1:1:1")
        settings.rate = .perSecond(100)
        settings.seconds = 2
        settings.threshold = 0.9
        var result = BenchResult(
            settings: settings, material: try BenchMaterial(settings: settings, queries: file, vectors: file),
            address: .standard)
        result.serverVersion = "1.2"
        result.timetable = BenchTimetable(rate: 100, requestCount: 200)
        result.pipelineLimit = 1_024
        result.threadCount = 1
        result.load = BenchLoader.Outcome(
            rowCount: 4, elapsed: .milliseconds(500), lease: Lease(position: .zero, namespace: 0))
        for kind in BenchKind.allCases {
            result.tally[kind].sentCount = 40
            for count in 1...40 { result.tally[kind].latency.record(UInt64(count) * 10_000) }
        }
        result.tally.hitCount = 30
        result.tally.missCounts = [.stale: 10]
        result.tally.replacedCount = 39
        result.tally.elapsedNanoseconds = 2_000_000_000
        self.result = result
    }

    private static func keys(_ object: Any?) -> Set<String> { Set((object as? [String: Any] ?? [:]).keys) }

    @Test func theKeysOfTheDocumentStay() throws {
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.json.line.utf8)) as? [String: Any])
        #expect(
            Self.keys(object) == [
                "address", "serverVersion", "namespace", "entryCount", "dimension", "settings", "load", "ping",
                "interrupted", "sound", "elapsedNanoseconds", "sentCount", "answeredCount", "errorCount",
                "unansweredCount", "lostConnectionCount", "answersPerSecond", "errors", "timetable", "requests",
            ])
        #expect(
            Self.keys(object["settings"]) == [
                "loop", "requestsPerSecond", "once", "seconds", "connectionCount", "pipelineLimit", "threadCount",
                "seed", "threshold", "mix", "queryCount", "vectorCount", "sourceCount", "payloadBytes",
            ])
        #expect(
            Self.keys(object["timetable"]) == [
                "kept", "scheduledCount", "unsentCount", "behindNanoseconds", "blockedNanoseconds",
                "sendDelayNanoseconds",
            ])
        let requests = try #require(object["requests"] as? [String: [String: Any]])
        let common: Set<String> = [
            "sentCount", "answeredCount", "errorCount", "errors", "answersPerSecond", "latencyNanoseconds",
        ]
        #expect(Self.keys(requests["ping"]) == common)
        #expect(Self.keys(requests["invalidate"]) == common)
        #expect(Self.keys(requests["insert"]) == common.union(["replacedCount"]))
        #expect(
            Self.keys(requests["lookup"])
                == common.union(["searchNanoseconds", "overheadNanoseconds", "hitCount", "missCount", "misses"]))
        #expect(
            Self.keys(requests["lookup"]?["latencyNanoseconds"]) == [
                "count", "min", "mean", "p50", "p90", "p99", "p999", "max",
            ])
        #expect(
            Self.keys(requests["lookup"]?["misses"]) == [
                "nothing-stored", "below-threshold", "stale", "expired", "fenced",
            ])
    }

    @Test func theTableShowsEachKind() {
        let lines = result.lines
        #expect(lines[0] == "semblance 1.2 at 127.0.0.1:7707, namespace n: 0 entries, 2 dimensions")
        #expect(
            lines[1] == "open loop, 100 requests/s: 1 connection × 1,024 in flight at most, 1 thread, "
                + "mix 2:1:1:1, seed 1")
        #expect(lines[2] == "loaded 4 rows in 0.50 s, 8 rows/s")
        #expect(lines.contains("160 requests answered in 2.00 s, 80 a second"))
        #expect(lines.contains("TIMES IN µs  COUNT  A SECOND  P50  P90  P99  P99.9  MAX"))
        #expect(lines.contains("insert          40        20  200  360  400    400  400"))
        #expect(lines.contains("  lookups  30 (75.0%) hits, 10 (25.0%) stale"))
        #expect(lines.contains("  inserts  39 in the place of an entry with the same key"))
        #expect(lines.last == "  errors   none")
        #expect(result.isSound)
    }

    @Test func aWorkersTallyIsAddedToAnothers() {
        var sum = result.tally
        var other = result.tally
        other[.lookup].errors = [.overloaded: 2]
        other.behindNanoseconds = 7
        other.elapsedNanoseconds = 1
        sum.add(other)
        #expect(sum[.lookup].latency.count == 80)
        #expect(sum.errors == [.overloaded: 2])
        #expect(sum.hitCount == 60)
        #expect(sum.missCounts == [.stale: 20])
        #expect(sum.elapsedNanoseconds == 2_000_000_000, "both ran at the same time")
        #expect(sum.behindNanoseconds == 7)
    }

    @Test func aLoadThatWasInterruptedBeforeItsStartMeasuredNothing() {
        var result = result
        result.load?.rowCount = 3
        result.load?.isInterrupted = true
        #expect(result.lines == ["interrupted after 3 of 4 rows: nothing was measured"])
        #expect(!result.isSound)
    }

    @Test func lostConnectionsAndForgottenQueriesAreTold() {
        var settings = result.settings
        settings.isOnce = true
        var once = BenchResult(settings: settings, material: result.material, address: .standard)
        once.tally[.lookup].sentCount = 3
        once.tally[.lookup].errors = [.connectionClosed: 1]
        once.tally.lostConnectionCount = 1
        #expect(!once.isSound)
        #expect(
            once.lines.suffix(3) == [
                "  errors  1 lookup connection-closed", "1 connection was lost: the load ended early",
                "1 of 4 queries were not looked up",
            ])
    }
}
