import CacheModel
import SemblanceClient
import Testing

@testable import semblance

/// `semblance import` as a process, against a service in this one.
@Suite struct ImportServiceTests {
    let folder: TemporaryFolder
    private static let rowCount = 600

    init() throws {
        folder = try TemporaryFolder()
        let rows = NumPyBytes.randomRows(Self.rowCount, dimension: 8, seed: 3)
        try folder.write("a.npy", NumPyBytes.float32(rows))
    }

    private func entryCount(_ client: SemblanceClient, _ namespace: String = "n") async throws -> Int {
        try await client.namespaces().first { $0.name == namespace }?.entryCount ?? 0
    }

    private func run(_ arguments: [String], at address: String) async throws -> BuiltExecutable.Outcome {
        try await BuiltExecutable.run(
            ["import", folder.file("a.npy")] + arguments,
            environment: ["SEMBLANCE_ADDRESS": address, "SEMBLANCE_NAMESPACE": "n"])
    }

    @Test func everyRowIsFoundByItsOwnVectorAfterwards() async throws {
        let rows = NumPyBytes.randomRows(Self.rowCount, dimension: 8, seed: 3)
        try await ServiceHarness.withService(in: folder) { address, client in
            let outcome = try await run(["--batch", "100"], at: address)
            #expect(outcome.exitCode == 0, "\(outcome.error)")
            #expect(outcome.output.contains("stored 600 of 600 rows in n"))
            #expect(!folder.exists("a.npy.import-state"), "nothing is left to go on with")
            for start in stride(from: 0, to: Self.rowCount, by: 200) {
                let lookups = rows[start..<start + 200].map { Lookup(vector: $0, threshold: 0.999) }
                let replies = try await client.lookup(lookups, in: "n")
                #expect(replies.map(\.text) == (start..<start + 200).map { "\($0)" })
            }
        }
    }

    @Test func refusedRowsAreListedAndTheExitCodeIs2() async throws {
        var lines = (0..<Self.rowCount).map { #"{"payload": "\#($0)", "depends_on": ["kb/a@5"]}"# }
        lines[3] = #"{"payload": "3", "depends_on": ["kb/a@4"]}"#
        lines[599] = "nonsense"
        try folder.write("a.jsonl", lines.joined(separator: "\n"))
        try await ServiceHarness.withService(in: folder) { address, client in
            try await client.invalidate(Invalidation(source: "kb/a", change: .version(5)), in: "n")
            let outcome = try await run(["--refused", folder.file("refused")], at: address)
            #expect(outcome.exitCode == 2, "\(outcome.error)")
            #expect(outcome.output.contains("refused 2 rows:\n  row 3: stale-dependency: "))
            #expect(outcome.output.contains("  row 599: invalid-argument: the line is not JSON"))
            #expect(try folder.text("refused").split(separator: "\n").count == 2)
            #expect(try await entryCount(client) == 598)
            let json = try await run(["--json"], at: address)
            #expect(json.exitCode == 2)
            #expect(json.json["refusedCount"] as? Int == 2)
            #expect((json.json["refused"] as? [[String: Any]])?.map { $0["row"] as? Int } == [3, 599])
        }
    }

    @Test func anInterruptedImportGoesOnWhereItWas() async throws {
        try await ServiceHarness.withService(in: folder) { address, client in
            // What an import leaves that was killed after its first and its third request.
            let source = try ImportSource(folder.file("a.npy"), payloads: nil)
            var state = ImportState(
                vectors: ImportState.File(source.vectors.file), payloads: nil, address: address, namespace: "n",
                rowCount: Self.rowCount, lease: try await client.lease(in: "n").description)
            let target = DirectTarget(client: client)
            var first = ImportRun(
                source: source, state: state, target: target, onProgress: { _, _ throws(CacheError) in })
            first.batchRows = 100
            first.requestLimit = 1
            var requestCount = 0
            first.isInterrupted = {
                requestCount += 1
                return requestCount > 2
            }
            #expect(try await first.run() == false)
            state = first.state
            #expect(state.doneCount == 200)
            try state.write(folder.file("a.npy.import-state"))

            let refused = try await run([], at: address)
            #expect(refused.exitCode == 1)
            #expect(refused.error.contains("--resume"))
            let elsewhere = try await run(["--resume", "--namespace", "other"], at: address)
            #expect(elsewhere.exitCode == 1)
            #expect(elsewhere.error.contains("namespace 'n'"))
            #expect(try await entryCount(client) == 200)

            let outcome = try await run(["--resume"], at: address)
            #expect(outcome.exitCode == 0, "\(outcome.error)")
            #expect(outcome.output.contains("going on after 200 rows"))
            #expect(try await entryCount(client) == Self.rowCount)
            #expect(!folder.exists("a.npy.import-state"))
        }
    }

    @Test func aChangedFileIsNotGoneOnWith() async throws {
        try await ServiceHarness.withService(in: folder) { address, client in
            let source = try ImportSource(folder.file("a.npy"), payloads: nil)
            var state = ImportState(
                vectors: ImportState.File(source.vectors.file), payloads: nil, address: address, namespace: "n",
                rowCount: Self.rowCount, lease: try await client.lease(in: "n").description)
            state.finish(0..<10)
            state.vectors.modifiedNanoseconds -= 1
            try state.write(folder.file("a.npy.import-state"))
            let outcome = try await run(["--resume"], at: address)
            #expect(outcome.exitCode == 1)
            #expect(outcome.error.contains("changed"))
            #expect(try await run(["--restart"], at: address).exitCode == 0)
            #expect(try await entryCount(client) == Self.rowCount)
        }
    }

    @Test func withoutAServiceTheErrorSaysWhatToDo() async throws {
        let outcome = try await run(["--json"], at: "unix:" + folder.file("nobody"))
        #expect(outcome.exitCode == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.contains(#""code":"connection-failed""#))
        #expect(!folder.exists("a.npy.import-state"))
    }
}

private struct DirectTarget: InsertionTarget {
    let client: SemblanceClient
    func insert(_ insertions: [Insertion]) async throws -> [InsertOutcome] {
        try await client.insert(insertions, in: "n")
    }
    func pause(milliseconds: Int) async throws {}
}
