import CacheModel
import Foundation
import SemblanceClient
import Testing

@testable import semblance

/// `semblance bench` as a process, against a service in this one.
@Suite struct BenchServiceTests {
    private let folder: TemporaryFolder
    private static let rowCount = 300

    init() throws {
        folder = try TemporaryFolder()
        let rows = NumPyBytes.randomRows(Self.rowCount, dimension: 8, seed: 3)
        try folder.write("v.npy", NumPyBytes.float32(rows))
        // 40 queries that are rows, and 10 that point away from one.
        let away = rows.prefix(10).map { $0.map { -$0 } }
        try folder.write("q.npy", NumPyBytes.float32(Array(rows.suffix(40)) + away))
    }

    private func run(_ arguments: [String], at address: String = "unix:/nowhere") async throws
        -> BuiltExecutable.Outcome
    {
        try await BuiltExecutable.run(
            ["bench"] + arguments, environment: ["SEMBLANCE_ADDRESS": address, "SEMBLANCE_NAMESPACE": "n"])
    }

    private var queries: [String] { ["--queries", folder.file("q.npy"), "--threshold", "0.9999"] }
    private var vectors: [String] { ["--vectors", folder.file("v.npy"), "--sources", "20"] }

    private func requests(_ outcome: BuiltExecutable.Outcome, _ kind: String) -> [String: Any] {
        (outcome.json["requests"] as? [String: Any])?[kind] as? [String: Any] ?? [:]
    }

    @Test func eachQueryOnceTellsHitsFromMisses() async throws {
        try await ServiceHarness.withService(in: folder) { address, client in
            let outcome = try await run(vectors + queries + ["--once", "--pipeline", "4", "--json"], at: address)
            #expect(outcome.exitCode == 0, "\(outcome.error)")
            let lookups = requests(outcome, "lookup")
            #expect(lookups["answeredCount"] as? Int == 50)
            #expect(lookups["hitCount"] as? Int == 40)
            #expect((lookups["misses"] as? [String: Int])?["below-threshold"] == 10)
            for times in ["latencyNanoseconds", "searchNanoseconds", "overheadNanoseconds"] {
                #expect((lookups[times] as? [String: Int])?["count"] == 50)
            }
            #expect(outcome.json["entryCount"] as? Int == Self.rowCount)
            #expect((outcome.json["load"] as? [String: Any])?["rowCount"] as? Int == Self.rowCount)
            #expect(outcome.json["sound"] as? Bool == true)
            #expect(try await client.namespaces().first?.entryCount == Self.rowCount)

            let again = try await run(vectors + queries + ["--once"], at: address)
            #expect(again.exitCode == 0, "\(again.error)")
            #expect(again.output.contains("40 (80.0%) hits, 10 (20.0%) below-threshold"), "\(again.output)")
            #expect(again.output.contains("loaded 300 rows"))
            #expect(try await client.namespaces().first?.entryCount == Self.rowCount, "rows take their own places")
        }
    }

    @Test func aMixOfAllKindsIsAnsweredWithoutErrors() async throws {
        try await ServiceHarness.withService(in: folder) { address, client in
            let mix = ["--mix", "60:25:10:5", "--seconds", "0.4", "--connections", "3", "--threads", "2"]
            for rate in [["--pipeline", "8"], ["--rate", "300"]] {
                let outcome = try await run(vectors + queries + mix + rate + ["--json"], at: address)
                // A busy machine may not keep the rate, which is 2 as well.
                #expect(outcome.json["errorCount"] as? Int == 0, "\(outcome.output) \(outcome.error)")
                #expect(outcome.json["sentCount"] as? Int == outcome.json["answeredCount"] as? Int)
                #expect((outcome.json["timetable"] != nil) == (rate[0] == "--rate"))
                for kind in ["lookup", "insert", "invalidate", "ping"] {
                    #expect(requests(outcome, kind)["answeredCount"] as? Int ?? 0 > 0, "\(kind)")
                }
            }
            let states = try await client.sourceStates((0..<20).map { "bench/\($0)" }, in: "n")
            #expect(states.contains { $0.lastSequence > 0 })
        }
    }

    @Test func errorsOfSingleRequestsEndWith2AndAreNamed() async throws {
        var rows = NumPyBytes.randomRows(3, dimension: 8, seed: 4)
        rows[1] = Array(repeating: 0, count: 8)
        try folder.write("zero.npy", NumPyBytes.float32(rows))
        try await ServiceHarness.withService(in: folder) { address, _ in
            let arguments = vectors + ["--queries", folder.file("zero.npy"), "--once"]
            let outcome = try await run(arguments + ["--json"], at: address)
            #expect(outcome.exitCode == 2)
            #expect(outcome.json["errors"] as? [String: Int] == ["invalid-vector": 1])
            #expect(outcome.json["sound"] as? Bool == false)
            let text = try await run(arguments, at: address)
            #expect(text.exitCode == 2)
            #expect(text.output.contains("errors   1 lookup invalid-vector"), "\(text.output)")
        }
    }

    @Test func aRateThatCannotBeKeptEndsWith2() async throws {
        try await ServiceHarness.withService(in: folder) { address, _ in
            _ = try await run(vectors + queries + ["--once"], at: address)
            let outcome = try await run(
                queries + ["--rate", "5000000", "--pipeline", "1", "--seconds", "0.2"], at: address)
            #expect(outcome.exitCode == 2, "\(outcome.output)")
            #expect(outcome.output.contains("the generator was behind by "))
        }
    }

    @Test func whatCannotBeMeasuredEndsWith1AndSaysWhy() async throws {
        let other = NumPyBytes.randomRows(3, dimension: 5, seed: 4)
        try folder.write("other.npy", NumPyBytes.float32(other))
        try await ServiceHarness.withService(in: folder) { address, client in
            try await client.createNamespace("n", settings: NamespaceSettings(dimension: 8))
            for (arguments, code) in [
                (queries + ["--namespace", "nowhere"], "namespace-not-found"),
                (["--queries", folder.file("other.npy")], "dimension-mismatch"),
                (["--queries", folder.file("other.npy")] + vectors, "invalid-argument"),
                (["--queries", folder.file("absent.npy")], "invalid-argument"),
                (queries + ["--pipeline", "60000"], "invalid-argument"),
                (queries + ["--address", "nonsense"], "invalid-configuration"),
                (queries + ["--address", "unix:" + folder.file("nobody")], "connection-failed"),
            ] {
                let outcome = try await run(arguments, at: address)
                #expect(outcome.exitCode == 1, "\(arguments)")
                #expect(outcome.error.hasPrefix("error: \(code): "), "\(outcome.error)")
                #expect(outcome.output.isEmpty)
                let json = try await run(arguments + ["--json"], at: address)
                #expect(json.error.contains(#""code":"\#(code)""#), "\(json.error)")
            }
        }
    }

    @Test(arguments: [
        [], ["--queries", "q", "--mix", "0:0:0"], ["--queries", "q", "--mix", "x"], ["--queries", "q", "--rate", "0"],
        ["--queries", "q", "--mix", "1:1"], ["--queries", "q", "--seconds", "0"], ["--queries", "q", "--no-load"],
        ["--queries", "q", "--connections", "0"], ["--queries", "q", "--pipeline", "0"],
        ["--queries", "q", "--once", "--seconds", "1"], ["--queries", "q", "--once", "--mix", "1:0:0"],
        ["--queries", "q", "--threshold", "2"], ["--queries", "q", "--sources", "0"],
    ])
    func wrongUsageEndsWith64(_ arguments: [String]) async throws {
        let outcome = try await run(arguments)
        #expect(outcome.exitCode == 64, "\(arguments): \(outcome.error)")
        #expect(outcome.output.isEmpty)
    }
}
