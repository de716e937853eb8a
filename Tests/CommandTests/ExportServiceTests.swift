import CacheModel
import Foundation
import SemblanceClient
import Testing

@testable import semblance

/// `semblance export` and `semblance import` as processes, against services in this one.
@Suite struct ExportServiceTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: [String], at address: String) async throws -> BuiltExecutable.Outcome {
        try await BuiltExecutable.run(arguments, environment: ["SEMBLANCE_ADDRESS": address])
    }

    /// Entries with and without all that an entry may have. The same for the same seed.
    private static func entries(_ count: Int, lease: Lease, now: Timestamp) -> [Insertion] {
        var random = SeededGenerator(seed: 0x5eed_e890)
        let texts = ["a", "\"\\\u{0}\u{1f}\n", "é", "e\u{301}", "語🙂", ""]
        let sources = ["kb/a", "odd@name", "odd#name", "ü"]
        return (0..<count).map { number in
            let versions: [DataVersion] = [
                .unnamed, .ordered(.max), .ordered(7, generation: lease.position), .labelled("a@b#c"), .ordered(0),
            ]
            let hasVector = number % 7 != 3
            return Insertion(
                scope: number % 2 == 0 ? .shared : Scope(UInt128(number)),
                key: hasVector && number % 3 != 0 ? nil : ExactKey(UInt128(number) << 64 | 5),
                vector: hasVector ? (0..<6).map { _ in Float.random(in: -9...9, using: &random) } : nil,
                prompt: number % 5 == 0 ? nil : texts[number % texts.count] + "\(number)",
                payload: number % 4 == 0
                    ? [0xff, 0xfe, UInt8(truncatingIfNeeded: number)] : Array(texts[number % texts.count].utf8),
                contentType: number % 6 == 0 ? "" : "text/plain",
                dependencies: (0..<number % 4).map {
                    Dependency(sources[$0], versions[(number + $0) % versions.count])
                },
                tags: number % 9 == 0 ? ["t", "größe"] : [],
                expiresAt: number % 3 == 1 ? now.advanced(byMilliseconds: 1_000_000_000) : nil,
                costSavedNanodollars: number % 8 == 0 ? 1_234_567_891 : 0, lease: lease)
        }
    }

    /// The lines without what says which store the entries are of.
    private func entryLines(_ name: String) throws -> [String] {
        try folder.text(name).split(separator: "\n").dropFirst().map {
            String($0).replacing(/"filled_at":"[0-9a-f]+:\d+"/, with: "")
        }
    }

    private static let settings = NamespaceSettings(
        dimension: 6, model: "m", threshold: 0.875, timeToLiveMilliseconds: 90_000_000_000, capacity: 5_000)

    @Test func whatIsExportedAndImportedIsExportedAgainByteForByte() async throws {
        let replies = try await ServiceHarness.withService(in: folder) { address, client in
            try await client.createNamespace("n", settings: Self.settings)
            let lease = try await client.lease(in: "n")
            let entries = Self.entries(600, lease: lease, now: .now)
            for start in stride(from: 0, to: 600, by: 200) {
                for outcome in try await client.insert(Array(entries[start..<start + 200]), in: "n", model: "m") {
                    if case .refused(let error) = outcome { throw error }
                }
            }
            let outcome = try await run(["export", folder.file("a.jsonl"), "--namespace", "n"], at: address)
            #expect(outcome.exitCode == 0, "\(outcome.error)")
            #expect(outcome.output.contains("exported 600 entries of n"))
            // Into the store that they are of, under another name: even the lease is the same.
            let copied = try await run(["import", folder.file("a.jsonl"), "--namespace", "copy"], at: address)
            #expect(copied.exitCode == 0, "\(copied.output)\(copied.error)")
            #expect(
                try await run(["export", folder.file("c.jsonl"), "--namespace", "copy"], at: address).exitCode == 0)
            let lines = try ["a.jsonl", "c.jsonl"].map { try folder.text($0).split(separator: "\n").dropFirst() }
            #expect(lines[0].count == 600 && zip(lines[0], lines[1]).allSatisfy { $0 == $1 } && lines[1].count == 600)
            return try await client.lookup(
                entries[..<200].map { Lookup(scope: $0.scope, key: $0.key, vector: $0.vector) }, in: "n")
        }
        let other = try TemporaryFolder()
        try await ServiceHarness.withService(in: other) { address, client in
            let outcome = try await run(["import", folder.file("a.jsonl")], at: address)
            #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.error)")
            #expect(outcome.output.contains("stored 600 of 600 rows in n"))
            #expect(try await client.namespaces().first?.settings == Self.settings)
            #expect(try await run(["export", folder.file("b.jsonl"), "--namespace", "n"], at: address).exitCode == 0)
            let lines = try [entryLines("a.jsonl"), entryLines("b.jsonl")]
            #expect(lines[1].count == 600 && zip(lines[0], lines[1]).allSatisfy { $0 == $1 })
            let lease = try await client.lease(in: "n")
            let lookups = Self.entries(200, lease: lease, now: .now)
                .map { Lookup(scope: $0.scope, key: $0.key, vector: $0.vector) }
            let again = try await client.lookup(lookups, in: "n")
            for (one, other) in zip(replies, again) {
                #expect(
                    one.hit?.similarity == other.hit?.similarity && one.hit?.entry.payload == other.hit?.entry.payload)
                #expect(one.hit?.entry.createdAt == other.hit?.entry.createdAt)
            }
        }
    }

    @Test func anEntryWhoseSourceHasMovedOnDoesNotBecomeFreshAgain() async throws {
        try await ServiceHarness.withService(in: folder) { address, client in
            let lease = try await client.lease(in: "n")
            let dependencies = [
                Dependency("kb/a", .ordered(41)), Dependency("kb/b", .labelled("x")), Dependency("kb/c"),
                Dependency("kb/d", .ordered(1)),
            ]
            _ = try await client.insert(
                dependencies.enumerated().map {
                    Insertion(vector: [1, Float($0.offset)], payload: [1], dependencies: [$0.element], lease: lease)
                } + [Insertion(vector: [5, 1], payload: [1], dependencies: [Dependency("old", .ordered(1))])], in: "n")
            try await client.invalidate(Invalidation(source: "old", change: .version(2)), in: "n")
            let export = try await run(["export", folder.file("a.jsonl"), "--namespace", "n", "--json"], at: address)
            // The stale one may have been cleared away before it was counted.
            #expect(export.json["entryCount"] as? Int == 4, "\(export.error)")
        }
        let other = try TemporaryFolder()
        try await ServiceHarness.withService(in: other) { address, client in
            // The pipelines tell the new store what changed; nobody tells it about the last source.
            try await client.invalidate(Invalidation(source: "kb/a", change: .version(42)), in: "n")
            try await client.invalidate(Invalidation(source: "kb/b", change: .label("y")), in: "n")
            try await client.invalidate(Invalidation(source: "kb/c", change: .bump), in: "n")
            let outcome = try await run(["import", folder.file("a.jsonl"), "--json"], at: address)
            #expect(outcome.exitCode == 2, "\(outcome.error)")
            let refused = try #require(outcome.json["refused"] as? [[String: Any]])
            #expect(refused.map { $0["row"] as? Int } == [0, 1, 2])
            #expect(
                refused.map { $0["code"] as? String } == ["stale-dependency", "stale-dependency", "lease-required"])
            // And what comes later hits what was imported.
            #expect(try await client.lookup(Lookup(vector: [1, 3]), in: "n").hit != nil)
            try await client.invalidate(Invalidation(source: "kb/d", change: .version(2)), in: "n")
            #expect(try await client.lookup(Lookup(vector: [1, 3]), in: "n").hit == nil)
        }
    }

    @Test func anExportWithoutVectorsIsImportedWithVectorsOfSomebodyElse() async throws {
        try await ServiceHarness.withService(in: folder) { address, client in
            _ = try await client.insert(
                (0..<4).map { Insertion(vector: [1, Float($0)], prompt: "p\($0)", payload: [UInt8($0)]) }, in: "old")
            let arguments = ["export", folder.file("a.jsonl"), "--namespace", "old", "--omit-vectors"]
            #expect(try await run(arguments, at: address).exitCode == 0)
            let rows = NumPyBytes.randomRows(4, dimension: 8, seed: 5)
            try folder.write("a.npy", NumPyBytes.float32(rows))
            let outcome = try await run(["import", folder.file("a.npy"), "--namespace", "new"], at: address)
            #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.error)")
            let replies = try await client.lookup(rows.map { Lookup(vector: $0, threshold: 0.999) }, in: "new")
            #expect(replies.map { $0.hit?.entry.payload } == (0..<4).map { [$0] })
            let entries = try await client.scan(Scan(), in: "old").entries.map(\.entry.createdAt)
            #expect(replies.map { $0.hit?.entry.createdAt } == entries)
        }
    }

    @Test func aFileIsThereWholeOrNotAtAllAndGivesWayOnlyWhereToldTo() async throws {
        try await ServiceHarness.withService(in: folder) { address, client in
            _ = try await client.insert(
                [
                    Insertion(scope: Scope(1), vector: [1, 2], payload: [1]), Insertion(vector: [2, 1], payload: [2]),
                ], in: "n")
            try folder.write("a.jsonl", "mine")
            let arguments = ["export", folder.file("a.jsonl"), "--namespace", "n"]
            let refused = try await run(arguments, at: address)
            #expect(refused.exitCode == 1 && refused.error.contains("--overwrite"))
            #expect(try folder.text("a.jsonl") == "mine")
            #expect(try await run(arguments + ["--overwrite", "--scope", "1"], at: address).exitCode == 0)
            #expect(try folder.text("a.jsonl").split(separator: "\n").count == 2)
            let permissions = try FileManager.default.attributesOfItem(atPath: folder.file("a.jsonl"))[
                .posixPermissions]
            #expect(permissions as? Int == 0o600)

            let unknown = try await run(["export", folder.file("b.jsonl"), "--namespace", "other"], at: address)
            #expect(unknown.exitCode == 1 && unknown.error.contains("namespace-not-found"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.jsonl", "store"])

            let output = try await run(["export", "-", "--namespace", "n"], at: address)
            let lines = output.output.split(separator: "\n")
            #expect(lines.count == 3 && lines[0].contains(#""semblance_export":1"#))
            #expect(output.error.contains("exported 2 entries of n"))
        }
    }
}
