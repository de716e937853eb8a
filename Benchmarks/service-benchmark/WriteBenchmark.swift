import BenchmarkHarness
import CacheModel
import Foundation
import ServiceLoad

/// Writes that are on the disk when they are acknowledged: an import, and inserts one by one.
struct WriteBenchmark {
    let options: Options
    let findings: Findings

    private static let clients = 32

    func run() throws {
        let folder = try TemporaryFolder("service-benchmark")
        defer { folder.remove() }
        let semblance = try SemblanceServer(options, data: folder["data"], log: folder["semblance.log"])
        defer { semblance.end() }
        findings.report.line("## Writes")
        findings.report.line()
        let rate = try importRate(semblance, folder)
        findings.judge(
            .writes, "import, \(options.rows.grouped) rows with 1 KB, synced, batches of 256",
            bar: "≥ 20,000 rows/s", rate, "rows/s", limit: 20_000, isFloor: true)
        try insertOneByOne(semblance, folder)
    }

    private func importRate(_ semblance: SemblanceServer, _ folder: TemporaryFolder) throws -> Double {
        findings.progress("  import")
        let workload = Workload(options, rowCount: options.rows)
        let file = folder["rows.npy"]
        try ImportFiles.write(workload, to: file)
        var rates: [Double] = []
        for round in 0..<options.rounds {
            // A namespace of its own, so that each round begins with nothing.
            let text = try Child(
                options.binaries.appending(path: "semblance").path,
                [
                    "import", file.path, "--address", semblance.address, "--namespace", "import-\(round)",
                    "--batch", "256", "--json",
                ], log: folder["import.log"]
            ).wholeOutput()
            rates.append(try ImportFiles.rate(of: text, rowCount: options.rows))
            semblance.settle()
        }
        let rate = findings.note(.writes, "import", "rows/s", rates)
        findings.report.line(
            "`semblance import` of \(options.rows.grouped) rows with 1 KB of payload each, by its own report: "
                + "\(rate.short) rows/s, the median of \(rates.count) rounds, each into a namespace of its own.")
        findings.report.line()
        return rate
    }

    private func insertOneByOne(_ semblance: SemblanceServer, _ folder: TemporaryFolder) throws {
        findings.progress("  inserts one by one")
        let redis = try RedisServer(folder: folder["redis"], keepsEverything: true)
        defer { redis.end() }
        let valueBytes = Workload.vectorBytes + Workload.payload.count
        var rates = [[Double]](repeating: [], count: 3)
        var tails = rates
        for round in -1..<options.rounds {
            for way in round.isMultiple(of: 2) ? [0, 1, 2] : [2, 1, 0] {
                let outcome =
                    switch way {
                    case 0: try benchmark(redis, valueBytes)
                    case 1: try store(port: redis.port, round, valueBytes)
                    default: try insert(port: semblance.port, round)
                    }
                semblance.settle()
                // The round before the first is for warming up.
                guard round >= 0 else { continue }
                rates[way].append(outcome.perSecond)
                tails[way].append(outcome.p99Milliseconds)
            }
        }
        findings.judge(
            .writes, "inserts one by one over 32 connections, synced", bar: "≥ 1,500/s", rates[2].median, "/s",
            limit: 1_500, isFloor: true, peer: rates[0].median)
        findings.report.line(
            "One by one over \(Self.clients) connections, new keys, \(valueBytes.grouped) bytes each, synced before "
                + "they are acknowledged; medians of \(options.rounds) rounds of \(options.inserts.grouped).")
        findings.report.line()
        let ways = [
            "Redis SET, appendfsync always, redis-benchmark's own figure",
            "Redis SET, appendfsync always, by this client", "Semblance INSERT, by this client",
        ]
        findings.table(
            ["way", "writes/s", "p99, ms"],
            ways.indices.map {
                [
                    ways[$0], findings.note(.writes, ways[$0], "/s", rates[$0]).short,
                    findings.note(.writes, ways[$0], "ms, p99", tails[$0]).short,
                ]
            })
    }

    private func benchmark(_ redis: RedisServer, _ valueBytes: Int) throws -> ConcurrentWrites.Outcome {
        let line = try redis.benchmark(
            "set", ["-c", "\(Self.clients)", "-d", "\(valueBytes)", "-r", "30000", "-n", "\(options.inserts)"])
        return .init(perSecond: line["rps"] ?? 0, p99Milliseconds: line["p99_latency_ms"] ?? 0)
    }

    private func store(port: Int, _ round: Int, _ valueBytes: Int) throws -> ConcurrentWrites.Outcome {
        try ConcurrentWrites(clients: Self.clients, count: options.inserts).run(
            connect: { try BlockingConnection(port: port) },
            request: { number in
                let key = Array("key:\(round):\(number)".utf8)
                return RedisWire.command([Array("SET".utf8), key, [UInt8](repeating: 120, count: valueBytes)])
            },
            ask: { connection, request in
                try connection.send(request)
                _ = try connection.reply { try RedisWire.length($0) }
            })
    }

    private func insert(port: Int, _ round: Int) throws -> ConcurrentWrites.Outcome {
        let (workload, count) = (Workload(options, rowCount: options.inserts), options.inserts)
        return try ConcurrentWrites(clients: Self.clients, count: options.inserts).run(
            connect: { try BlockingConnection.service(port: port) },
            request: { number in
                let key = ExactKey(UInt128(round + 2) << 64 | UInt128(number))
                let row = Insertion(
                    key: key, vector: workload.vectors.row((round + 1) * count + number), payload: Workload.payload)
                return try ServiceFrame.insert([row], namespace: Workload.namespace)
            },
            ask: { connection, request in
                if case .refused(let code) = try connection.serviceReply(to: request) {
                    throw Failure("an insert was refused: \(ServiceReply.name(of: code))")
                }
            })
    }
}
