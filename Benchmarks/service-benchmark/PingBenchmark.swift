import BenchmarkHarness
import Foundation
import ServiceLoad

/// PINGs, sixteen deep over 32 connections: what the service takes for a request by itself.
struct PingBenchmark {
    let options: Options
    let findings: Findings

    private static let connections = 32
    private static let depth = 16

    func run() throws {
        findings.report.line("## PINGs")
        findings.report.line()
        findings.report.line(
            "\(Self.connections) connections, \(Self.depth) requests under way on each, answers a second; medians of "
                + "\(options.rounds) rounds.")
        findings.report.line()
        var rows: [[String]] = []
        for placement in Placement.allCases {
            findings.progress("  \(placement.rawValue)")
            rows += try measure(placement)
        }
        findings.table(["way", "placement", "answers/s"], rows)
    }

    private func measure(_ placement: Placement) throws -> [[String]] {
        let folder = try TemporaryFolder("service-benchmark")
        defer { folder.remove() }
        let redis = try RedisServer(folder: folder["redis"], processor: placement.processor)
        defer { redis.end() }
        let semblance = try SemblanceServer(
            options, data: folder["data"], log: folder["semblance.log"], processor: placement.processor)
        defer { semblance.end() }
        try placement.enter()
        let pong = Array("+PONG\r\n".utf8)
        let store = try PipelinedClients(
            try (0..<Self.connections).map { _ in try BlockingConnection(port: redis.port) },
            requests: (0..<Self.depth).flatMap { _ in RedisWire.command("PING") }, requestCount: Self.depth,
            replies: .same((0..<Self.depth).flatMap { _ in pong }))
        let service = try PipelinedClients(
            try (0..<Self.connections).map { _ in try BlockingConnection.service(port: semblance.port) },
            requests: try ServiceFrame.pings(Self.depth), requestCount: Self.depth, replies: .pings)

        var rates = [[Double]](repeating: [], count: 3)
        // Its rounds are as long as ours, by its own rate.
        var requests = 100_000
        for round in -1..<options.rounds {
            for way in round.isMultiple(of: 2) ? [0, 1, 2] : [2, 1, 0] {
                let rate: Double
                switch way {
                case 0:
                    let line = try redis.benchmark(
                        "ping_mbulk",
                        ["-c", "\(Self.connections)", "-P", "\(Self.depth)", "-n", "\(requests)"])
                    rate = line["rps"] ?? 0
                    requests = max(1_000, Int(rate * options.seconds))
                case 1: rate = try store.run(seconds: options.seconds)
                default: rate = try service.run(seconds: options.seconds)
                }
                // The round before the first is for warming up.
                if round >= 0 { rates[way].append(rate) }
            }
        }
        try Placement.scheduler.enter()
        let name = "PINGs, \(placement.rawValue)"
        findings.judge(
            .pings, name, bar: "≥ 1.0 × redis-benchmark, PING", rates[2].median, "/s", limit: rates[0].median,
            isFloor: true, peer: rates[0].median)
        findings.judge(
            .pings, name, bar: "beside Redis by this client", rates[2].median, "/s", limit: rates[1].median,
            isFloor: true, isBar: false, peer: rates[1].median)
        let ways = ["Redis, redis-benchmark's own figure", "Redis, by this client", "Semblance, by this client"]
        return zip(ways, rates).map {
            [$0, placement.rawValue, findings.note(.pings, $0, "/s", $1, placement: placement).short]
        }
    }
}
