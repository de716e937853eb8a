// The service as it is released, beside Redis: `Benchmarks/service/run` builds everything and starts it.

import BenchmarkHarness
import Foundation

// A server that closes a connection is reported where it is written to.
signal(SIGPIPE, SIG_IGN)
Interruption.watch()
do {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.contains("--help") || arguments.contains("-h") {
        print(Options.help)
        exit(0)
    }
    let options = try Options(arguments)
    let findings = Findings(options)
    for part in options.parts {
        findings.progress("\(part.rawValue) …")
        switch part {
        case .overhead: try OverheadBenchmark(options: options, findings: findings).run()
        case .pings: try PingBenchmark(options: options, findings: findings).run()
        case .writes: try WriteBenchmark(options: options, findings: findings).run()
        case .memory: try MemoryBenchmark(options: options, findings: findings).run()
        case .overload: try OverloadBenchmark(options: options, findings: findings).run()
        }
    }
    try findings.finish(options)
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    Interruption.leave(1)
}
