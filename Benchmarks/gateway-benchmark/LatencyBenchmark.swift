import BenchmarkHarness
import Foundation
import GatewayCampaign

/// One request at a time over loopback, by every way in turn, so that whatever else the machine does hits all alike.
struct LatencyBenchmark {
    let options: Options

    /// One way from the client to an answer.
    private struct Way {
        var name: String
        var port: Int
        /// Of `x-semblance-cache`, where the gateway is asked.
        var outcome: String?
        /// Compared with the same answer straight from the upstream.
        var isStream = false
        var request: (Int) -> [UInt8]
    }

    private struct Figures {
        var medians: [Double] = []
        var tails: [Double] = []
        var firsts: [Double] = []
    }

    func run(_ report: Report) async throws {
        let upstream = try await Workload.startUpstream()
        let proxy = try PlainProxy(upstreamPort: upstream.port, answer: Workload.answer)
        defer { proxy.end() }
        let services = try Services(binaries: options.binaries, settings: settings(upstream))
        defer { services.end() }
        let ways = ways(upstream.port, proxy.port, services.port)
        let connections = try Dictionary(
            uniqueKeysWithValues: Set(ways.map(\.port)).map { ($0, try Connection(port: $0)) })
        var figures = [Figures](repeating: Figures(), count: ways.count)
        var number = 1_000_000
        for round in -1..<options.rounds {
            let order = round % 2 == 0 ? Array(ways.indices) : ways.indices.reversed()
            for index in order {
                let way = ways[index]
                guard let connection = connections[way.port] else { continue }
                var times: [Double] = []
                var firsts: [Double] = []
                for repetition in 0..<options.requestsPerRound + 20 {
                    number += 1
                    let response = try connection.ask(way.request(number))
                    // The first of a round wake everybody up.
                    guard repetition >= 20 else { continue }
                    if response.header("x-semblance-cache") != way.outcome {
                        throw Failure("\(way.name): \(String(decoding: response.bytes.prefix(800), as: UTF8.self))")
                    }
                    times.append(response.microseconds)
                    firsts.append(response.firstMicroseconds)
                }
                // The round before the first is for warming up.
                guard round >= 0 else { continue }
                figures[index].medians.append(times.median)
                figures[index].tails.append(times.percentile(0.99))
                figures[index].firsts.append(firsts.median)
            }
        }
        write(ways, figures, report)
        if let model = options.model { try NearQuestions(options: options).run(model, services.port, report) }
        for connection in connections.values { connection.close() }
        await upstream.stop()
    }

    private func settings(_ upstream: AnsweringServer) -> [String: String] {
        var settings = ["upstreams.fake.base-url": "http://127.0.0.1:\(upstream.port)/v1"]
        guard let model = options.model else { return settings }
        settings["encoder.folder"] = model.path
        settings["use-cases"] = "near"
        settings["use-cases.near.semantic"] = "on"
        settings["use-cases.near.threshold"] = "0.9"
        return settings
    }

    private func ways(_ upstream: Int, _ proxy: Int, _ gateway: Int) -> [Way] {
        func question(_ number: Int) -> String { "When do I get the money back for order \(number)?" }
        func fresh(_ isStream: Bool, _ headers: String = "") -> (Int) -> [UInt8] {
            { Workload.request(question($0), isStream: isStream, headers: headers) }
        }
        let same = Workload.request(question(1))
        let sameStream = Workload.request(question(1), isStream: true)
        let own = Workload.request(question(1), path: "/own")
        let unstored = "cache-control: no-store\r\n"
        let uncached = "cache-control: no-cache, no-store\r\n"
        return [
            Way(name: "upstream", port: upstream, request: fresh(false)),
            Way(name: "nginx → upstream", port: proxy, request: fresh(false)),
            Way(name: "gateway → upstream, cache not asked", port: gateway, outcome: "bypass",
                request: fresh(false, uncached)),
            Way(name: "gateway → upstream, miss, not stored", port: gateway, outcome: "miss",
                request: fresh(false, unstored)),
            Way(name: "gateway → upstream, miss, stored", port: gateway, outcome: "miss", request: fresh(false)),
            Way(name: "gateway, exact hit", port: gateway, outcome: "hit") { _ in same },
            Way(name: "nginx, an answer of its own", port: proxy) { _ in own },
            Way(name: "upstream, stream", port: upstream, isStream: true, request: fresh(true)),
            Way(name: "nginx → upstream, stream", port: proxy, isStream: true, request: fresh(true)),
            Way(name: "gateway → upstream, stream, miss, stored", port: gateway, outcome: "miss", isStream: true,
                request: fresh(true)),
            Way(name: "gateway, exact hit, stream", port: gateway, outcome: "hit", isStream: true) { _ in sameStream },
        ]
    }

    private func write(_ ways: [Way], _ figures: [Figures], _ report: Report) {
        report.line("## Latency")
        report.line()
        report.line(
            "One request at a time, µs; medians of \(options.rounds) rounds of \(options.requestsPerRound) requests each, "
                + "and the least median of a round.")
        report.line()
        report.line("| way | p50 | least | p99 | first byte, p50 | p50 over the upstream's |")
        report.line("|---|---|---|---|---|---|")
        for (way, own) in zip(ways, figures) {
            let base = ways.firstIndex { $0.isStream == way.isStream } ?? 0
            // Round by round: the machine changes more from one round to the next than within one.
            let over = zip(own.medians, figures[base].medians).map { $0 - $1 }.median
            let cells = [own.medians.median, own.medians.min() ?? 0, own.tails.median, own.firsts.median, over]
            report.line("| \(way.name) | " + cells.map { "\(Int($0.rounded()))" }.joined(separator: " | ") + " |")
        }
        report.line()
    }
}
