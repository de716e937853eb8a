import BenchmarkHarness
import Foundation
import ServiceLoad

/// Anonymous memory of the service for each row: after they have been stored, and after a restart.
struct MemoryBenchmark {
    let options: Options
    let findings: Findings

    private static let limitBytes = 250.0
    private static let payload = [UInt8](repeating: UInt8(ascii: "a"), count: 64)

    func run() throws {
        let count = options.memoryRows
        let folder = try TemporaryFolder("service-benchmark")
        defer { folder.remove() }
        let workload = Workload(options, rowCount: count)
        let namespace = Workload.namespace
        var semblance = try SemblanceServer(options, data: folder["data"], log: folder["semblance.log"])
        let empty = Child.exactAnonymousBytes(of: semblance.child.identifier)
        let chunk = max(10_000, count / 20)
        for start in stride(from: 0, to: count, by: chunk) {
            let rows = start..<min(start + chunk, count)
            try semblance.fill(namespace, rows, workload.vectors, payload: Self.payload)
            findings.progress("  \(rows.upperBound.grouped) of \(count.grouped) rows")
        }
        semblance.settle()
        let loaded = Child.exactAnonymousBytes(of: semblance.child.identifier)
        semblance.end()
        semblance = try SemblanceServer(options, data: folder["data"], log: folder["restart.log"])
        defer { semblance.end() }
        let connection = try BlockingConnection.service(port: semblance.port)
        for frame in try workload.lookups(100) {
            guard case .lookup = try connection.serviceReply(to: frame) else { throw Failure("a lookup was refused") }
        }
        semblance.settle()
        let restarted = Child.exactAnonymousBytes(of: semblance.child.identifier)

        findings.report.line("## Memory")
        findings.report.line()
        findings.report.line(
            "Anonymous memory of the process, \(count.grouped) rows of \(Workload.dimension) dimensions, idle. Empty it "
                + "has \((Double(empty) / 1_048_576).short) MiB.")
        findings.report.line()
        var rows: [[String]] = []
        for (name, bytes) in [("after storing them", loaded), ("after a restart and 100 lookups", restarted)] {
            let each = Double(bytes) / Double(count)
            findings.note(.memory, name, "bytes/row", [each])
            rows.append([name, (Double(bytes) / 1_048_576).short, each.short])
            findings.judge(
                .memory, "anonymous memory of \(count.grouped) rows, \(name)", bar: "≤ 250 bytes a row", each,
                "bytes", limit: Self.limitBytes)
        }
        findings.table(["when", "MiB", "bytes for each row"], rows)
    }
}
