import BenchmarkHarness
import Foundation
import ServiceLoad

/// A lookup less its search, one at a time on one connection, beside a GET of as many bytes as a vector has.
struct OverheadBenchmark {
    let options: Options
    let findings: Findings

    /// Medians of rounds, µs.
    private struct Figures {
        var redisBenchmark: [Double] = []
        var redis: [Double] = []
        var trips: [Double] = []
        var searches: [Double] = []
        var overheads: [Double] = []
        var hits: [Double] = []
        var misses: [Double] = []
    }

    func run() throws {
        findings.report.line("## Overhead of a lookup")
        findings.report.line()
        findings.report.line(
            "One connection, one request at a time, p50, µs; medians of \(options.rounds) rounds of "
                + "\(options.requestsPerRound.grouped) requests. \(options.rows.grouped) rows of "
                + "\(Workload.dimension) dimensions with payloads of 1 KB.")
        findings.report.line()
        var rows: [[String]] = []
        for placement in Placement.allCases {
            findings.progress("  \(placement.rawValue)")
            rows += try measure(placement)
        }
        findings.table(["way", "placement", "p50"], rows)
    }

    private func measure(_ placement: Placement) throws -> [[String]] {
        let folder = try TemporaryFolder("service-benchmark")
        defer { folder.remove() }
        let redis = try RedisServer(folder: folder["redis"], processor: placement.processor)
        defer { redis.end() }
        let semblance = try SemblanceServer(
            options, data: folder["data"], log: folder["semblance.log"], processor: placement.processor)
        defer { semblance.end() }
        let workload = Workload(options, rowCount: options.rows)
        try workload.fill(semblance)
        let lookups = try workload.lookups(2_000)

        try placement.enter()
        var figures = Figures()
        let service = try BlockingConnection.service(port: semblance.port)
        let store = try BlockingConnection(port: redis.port)
        try prepare(store)
        for round in -1..<options.rounds {
            // There and back again, so that whatever else the machine does hits all alike.
            for way in round.isMultiple(of: 2) ? [0, 1, 2] : [2, 1, 0] {
                switch way {
                case 0: try benchmark(redis, into: &figures)
                case 1: try get(store, into: &figures)
                default: try lookUp(service, lookups, into: &figures)
                }
            }
            // The round before the first is for warming up.
            if round < 0 { figures = Figures() }
        }
        try Placement.scheduler.enter()
        return write(figures, placement)
    }

    private func prepare(_ store: BlockingConnection) throws {
        let value = [UInt8](repeating: 120, count: Workload.vectorBytes)
        try store.send(RedisWire.command([Array("SET".utf8), Array("row".utf8), value]))
        _ = try store.reply { try RedisWire.length($0) }
    }

    private func benchmark(_ redis: RedisServer, into figures: inout Figures) throws {
        let arguments = ["-c", "1", "-d", String(Workload.vectorBytes)]
        // So that there is something to get.
        _ = try redis.benchmark("set", arguments + ["-n", "10"])
        let line = try redis.benchmark("get", arguments + ["-n", String(options.requestsPerRound)])
        figures.redisBenchmark.append((line["p50_latency_ms"] ?? 0) * 1_000)
    }

    private func get(_ store: BlockingConnection, into figures: inout Figures) throws {
        let command = RedisWire.command("GET", "row")
        var times = TimeHistogram()
        for _ in 0..<options.requestsPerRound {
            let start = monotonicNanoseconds()
            try store.send(command)
            let reply = try store.reply { try RedisWire.length($0) }
            times.record(monotonicNanoseconds() - start)
            guard reply.count > Workload.vectorBytes else { throw Failure("Redis does not have the value") }
        }
        figures.redis.append(times.medianMicroseconds)
    }

    private func lookUp(
        _ service: BlockingConnection, _ lookups: [[UInt8]], into figures: inout Figures
    ) throws {
        var (trips, searches, overheads) = (TimeHistogram(), TimeHistogram(), TimeHistogram())
        var (hits, misses) = (TimeHistogram(), TimeHistogram())
        for number in 0..<options.requestsPerRound {
            let frame = lookups[number % lookups.count]
            let start = monotonicNanoseconds()
            try service.send(frame)
            let (identifier, reply) = try service.serviceReply()
            let time = monotonicNanoseconds() - start
            guard case .lookup(let isHit, let search) = reply, identifier == 1 else {
                throw Failure("a lookup was answered with \(reply)")
            }
            // What wants to be found is.
            guard isHit == (number % lookups.count).isMultiple(of: 2) else {
                throw Failure("lookup \(number) should \(isHit ? "miss" : "hit")")
            }
            let overhead = time - min(time, search)
            trips.record(time)
            searches.record(search)
            overheads.record(overhead)
            if isHit { hits.record(overhead) } else { misses.record(overhead) }
        }
        figures.trips.append(trips.medianMicroseconds)
        figures.searches.append(searches.medianMicroseconds)
        figures.overheads.append(overheads.medianMicroseconds)
        figures.hits.append(hits.medianMicroseconds)
        figures.misses.append(misses.medianMicroseconds)
    }

    private func write(_ figures: Figures, _ placement: Placement) -> [[String]] {
        let ways = [
            ("Redis GET, redis-benchmark's own figure", figures.redisBenchmark),
            ("Redis GET, by this client", figures.redis),
            ("Semblance, a lookup less its search, by this client", figures.overheads),
            ("– lookups that hit, payload and all", figures.hits),
            ("– lookups that miss", figures.misses),
            ("Semblance, whole round trip", figures.trips),
            ("Semblance, the search in it", figures.searches),
        ]
        let measured = figures.overheads.median
        let name = "overhead of a lookup, p50, \(placement.rawValue)"
        findings.judge(
            .overhead, name, bar: "≤ 1.0 × redis-benchmark, GET", measured, "µs",
            limit: figures.redisBenchmark.median, peer: figures.redisBenchmark.median)
        findings.judge(
            .overhead, name, bar: "beside Redis by this client", measured, "µs", limit: figures.redis.median,
            isBar: false, peer: figures.redis.median)
        return ways.map {
            [$0.0, placement.rawValue, findings.note(.overhead, $0.0, "µs", $0.1, placement: placement).short]
        }
    }
}
