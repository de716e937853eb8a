// The gateway as it is released, beside nginx: `Benchmarks/gateway/run` builds everything and starts it.

import BenchmarkHarness
import Foundation

let report = Report()
do {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    report.line("\(Machine.description); nginx \(Machine.version(of: "/usr/sbin/nginx", "-v")).")
    report.line()
    if options.parts.contains(.latency) { try await LatencyBenchmark(options: options).run(report) }
    if options.parts.contains(.throughput) { try await ThroughputBenchmark(options: options).run(report) }
    if options.parts.contains(.streams) { try await StreamsBenchmark(options: options).run(report) }
    if options.parts.contains(.campaign) { try await CampaignBenchmark(options: options).run(report) }
    report.line("Load of the machine at the end: \(Machine.load).")
    if let out = options.out { try report.text.write(to: out, atomically: true, encoding: .utf8) }
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
