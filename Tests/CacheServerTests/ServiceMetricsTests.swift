import CacheEngine
import CacheMetrics
import CacheModel
import CacheProtocol
import CacheStorage
import Foundation
import Logging
import NIOCore
import Testing
import VectorSearch

@testable import CacheServer

@Suite struct ServiceMetricsTests {
    // MARK: The table

    @Test func everyNumberThatIsShownStandsInTheStatistics() async throws {
        try await RunningServer.with { server in
            let client = try await TestClient.greeted(server.tcp)
            guard case .statistics(let json)? = try await client.ask(.statistics),
                let document = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            else {
                Issue.record("no statistics")
                return
            }
            for metric in MetricTable.collected {
                #expect(metric.paths.count == metric.family.series.count, "\(metric.family.name)")
                for path in metric.paths {
                    let value = path.split(separator: ".").reduce(document as Any?) { value, name in
                        (value as? [String: Any])?[String(name)]
                    }
                    #expect(value is NSNumber, "\(path)")
                }
            }
            try await client.close()
        }
    }

    @Test func namesAreDifferentAndOfPrometheussForm() {
        let names = MetricTable.families.map(\.name)
        #expect(Set(names).count == names.count)
        for family in MetricTable.families {
            #expect(family.name.wholeMatch(of: /semblance_[a-z_]+/) != nil)
            #expect(family.name.hasSuffix("_total") == (family.kind == .counter), "\(family.name)")
            #expect(Set(family.series).count == family.series.count)
            #expect(family.series.allSatisfy { Set($0.map(\.name)) == Set((family.series.first ?? []).map(\.name)) })
        }
    }

    @Test func theDocumentHasTheTableOfTheCode() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let document = try String(contentsOf: root.appending(path: "docs/METRICS.md"), encoding: .utf8)
        let rows = document.split(separator: "\n").filter { $0.hasPrefix("| `semblance_") }.map(String.init)
        let expected = MetricTable.families.map { family in
            let labels = (family.series.first ?? []).map { "`\($0.name)`" }.joined(separator: ", ")
            let kind = family.kind.typeName
            return "| `\(family.name)` | \(kind) |\(labels.isEmpty ? "" : " \(labels)") | \(family.help) |"
        }
        #expect(rows == expected)
        for label in MetricTable.families.flatMap({ $0.series.flatMap { $0 } }) where label.name != "outcome" {
            #expect(document.contains("`\(label.value)`"), "\(label.name) \(label.value)")
        }
    }

    // MARK: What happens

    @Test func countersFollowTheStatisticsAndNeverFall() {
        let metrics = ServiceMetrics()
        func publish(_ inserts: Int, _ ageMilliseconds: Int) {
            metrics.publish(
                .object([
                    StatisticsField(
                        "engine",
                        .object([
                            StatisticsField("inserts", inserts), StatisticsField("isFenced", .flag(true)),
                            StatisticsField("snapshotAgeMilliseconds", ageMilliseconds),
                        ]))
                ]))
        }
        publish(5, 1_500)
        publish(4, 1_250)
        #expect(metrics.registry.exposition.contains("semblance_inserts_total{outcome=\"stored\"} 5\n"))
        #expect(metrics.registry.exposition.contains("\nsemblance_snapshot_age_seconds 1.25\n"))
        #expect(metrics.registry.exposition.contains("\nsemblance_fenced 1\n"))
        publish(9, 0)
        #expect(metrics.registry.exposition.contains("semblance_inserts_total{outcome=\"stored\"} 9\n"))
    }

    @Test func aRequestIsTimedFromItsArrivalUntilItsReply() throws {
        var connection = try EmbeddedConnection.greeted()
        try connection.send(.lookup(), 2)
        connection.pass(.milliseconds(3))
        for submission in connection.executor.take() { submission.answer(.lookup([.miss])) }
        connection.pass(.milliseconds(2))
        #expect(try connection.replies().count == 1)
        let registry = connection.services.metrics.registry
        let lookup = try #require(registry.values(of: "semblance_request_seconds", [MetricLabel("opcode", "lookup")]))
        #expect(lookup.count == 1)
        // The reply is written as soon as the loop gets to it, before the time after it passes.
        #expect(lookup.sum >= 3_000_000 && lookup.sum <= 5_000_000)
        let reply = try #require(registry.values(of: "semblance_stage_seconds", [MetricLabel("stage", "reply")]))
        #expect(reply.count == 1)
        let hello = try #require(registry.values(of: "semblance_request_seconds", [MetricLabel("opcode", "hello")]))
        #expect(hello.count == 1)
        let decode = try #require(registry.values(of: "semblance_stage_seconds", [MetricLabel("stage", "decode")]))
        #expect(decode.count == 2)
    }

    @Test func theStagesOfAServiceWithAnEngineAreAllMeasured() async throws {
        let folder = try RunningServer.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let metrics = ServiceMetrics()
        var configuration = EngineConfiguration(
            directory: folder.appending(path: "data").path, kernels: try Kernels(environment: [:]))
        configuration.searchThreads = 1
        configuration.storage.mapBytes = 64 << 20
        configuration.metrics = metrics.registry
        let engine = try Engine.open(configuration)
        defer { engine.close() }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try CacheServer(
            configuration: ServerConfiguration(listenAddresses: [.loopback(host: "127.0.0.1", port: 0)]),
            executor: engine, metrics: metrics, logger: logger)
        let running = Task { try await server.run() }
        let client = try await TestClient.greeted(try #require(try await server.addresses.first))
        let insertion = Insertion(vector: [1, 0], payload: [7])
        _ = try await client.ask(.insert(InsertRequest(namespace: "n", model: "", insertions: [.success(insertion)])))
        _ = try await client.ask(
            .invalidate(
                InvalidateRequest(namespace: "n", invalidations: [.success(Invalidation(source: "s", change: .bump))])))
        _ = try await client.ask(.lookup())
        _ = try await client.ask(.get)
        let text = server.exposition
        for line in [
            #"semblance_lookups_total{outcome="hit",reason="vector"} 1"#, "semblance_entries 1", "semblance_rows 1",
            #"semblance_inserts_total{outcome="stored"} 1"#, "semblance_invalidations_total 1",
            #"semblance_requests_total{opcode="lookup"} 1"#, #"semblance_request_seconds_count{opcode="insert"} 1"#,
            #"semblance_stage_seconds_count{stage="search"} 1"#, #"semblance_stage_seconds_count{stage="read-wait"} 1"#,
            #"semblance_stage_seconds_count{stage="write-wait"} 2"#, "semblance_search_batch_size_sum 1",
            #"semblance_commit_seconds_count{purpose="entries"} 1"#, "semblance_serving 1", "semblance_connections 1",
            #"semblance_commit_seconds_count{purpose="invalidation"} 1"#,
            #"semblance_commit_batch_size_sum{purpose="entries"} 1"#,
        ] {
            #expect(text.contains("\n\(line)\n") || text.hasPrefix("\(line)\n"), "\(line)")
        }
        guard case .statistics(let json)? = try await client.ask(.statistics),
            let document = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
            let histograms = document["histograms"] as? [String: Any],
            let search = histograms["stage.search"] as? [String: Any], let buckets = search["buckets"] as? [String: Int]
        else {
            Issue.record("no histograms in the statistics")
            return
        }
        #expect(search["count"] as? Int == 1 && buckets.values.reduce(0, +) == 1)
        #expect(histograms["request.purge"] == nil, "empty ones are left out")
        try await client.close()
        running.cancel()
        try await running.value
    }
}
