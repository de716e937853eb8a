import CacheModel
import Foundation
import Reembedding
import SemblanceClient
import Synchronization
import Testing

@testable import semblance

/// `namespace reembed` against a service and an embedding server in this process.
@Suite struct ReembedServiceTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func command(_ address: String, _ embedder: String, _ more: [String] = []) async throws
        -> BuiltExecutable.Outcome
    {
        try await BuiltExecutable.run(
            [
                "namespace", "reembed", "old", "--into", "new", "--embedder", embedder, "--model", "m2", "--state",
                folder.file("state"),
            ] + more, environment: ["SEMBLANCE_ADDRESS": address, "SEMBLANCE_EMBEDDER_KEY": "secret"])
    }

    private func move(
        _ client: SemblanceClient, _ embedder: String, state: ReembedState? = nil,
        copySearch: ReembedRun.CopySearch = .none, pageEntries: Int = 256, pages: Int = .max
    ) async throws -> ReembedState {
        let position = try await client.lease(in: "old").position
        try await client.follow("old", by: "new")
        let begun =
            state ?? ReembedState(address: "", from: "old", to: "new", model: "m2", incarnation: position.incarnation)
        let server = EmbeddingServer.Settings(address: embedder, model: "m2")
        return try await EmbeddingServer.withServer(server, pause: { _ in }) { server in
            var settings = ReembedRun.Settings()
            settings.copySearch = copySearch
            settings.pageEntries = pageEntries
            var run = ReembedRun(
                service: NamespacePair(client: client, from: "old", to: "new", model: "m2"), embedder: server,
                state: begun, settings: settings)
            var left = pages
            _ = try await run.run { _ in
                left -= 1
                return left > 0
            }
            return run.state
        }
    }

    private static func entries(_ range: Range<Int>) -> [Insertion] {
        range.map { number in
            Insertion(
                scope: Scope(UInt128(number % 2)), key: number % 3 == 0 ? ExactKey(UInt128(number)) : nil,
                vector: [1, Float(number), 2], prompt: "question \(number % 40)", payload: Array("\(number)".utf8),
                contentType: "text/plain", dependencies: [Dependency("kb/\(number % 4)", .ordered(5))], tags: ["t"],
                costSavedNanodollars: UInt64(number))
        }
    }

    private func payloads(_ client: SemblanceClient, _ namespace: String) async throws -> [String] {
        let page = try await client.scan(Scan(), in: namespace)
        #expect(page.isAtEnd || page.entries.count < 256)
        return page.entries.map { String(decoding: $0.entry.payload ?? [], as: UTF8.self) }.sorted()
    }

    @Test func aNamespaceIsMovedWithAllThatItsEntriesHaveAndCatchesUp() async throws {
        let embedder = SmallEmbedder()
        try await ServiceHarness.withService(in: folder) { address, client in
            try await embedder.run { server in
                try await client.createNamespace(
                    "old", settings: NamespaceSettings(model: "m1", threshold: 0.8, capacity: 900))
                _ = try await client.insert(Self.entries(0..<100), in: "old")
                // Without a prompt: with a key, and without one.
                _ = try await client.insert(
                    [
                        Insertion(key: ExactKey(1 << 90), vector: [1, 1, 1], payload: Array("key".utf8)),
                        Insertion(vector: [2, 1, 1], payload: Array("lost".utf8)),
                    ], in: "old")
                let forecast = try await command(address, server, ["--dry-run", "--json"])
                #expect(forecast.json["promptCount"] as? Int == 100 && forecast.json["leftOutCount"] as? Int == 1)
                #expect(embedder.texts.isEmpty)

                let outcome = try await command(address, server, ["--price-per-million-tokens", "2"])
                #expect(outcome.exitCode == 2, "\(outcome.error)")
                #expect(outcome.output.contains("100 embedded and stored"), "\(outcome.output)")
                #expect(outcome.output.contains("1 kept without a vector"))
                #expect(outcome.output.contains("1 left out"))
                #expect(outcome.output.contains("warm (100.0 %)"))
                #expect(Set(embedder.texts).count == 40 && embedder.texts.count == 40, "each prompt is paid for once")
                #expect(embedder.state.withLock { $0.authorization } == "Bearer secret")

                let settings = try #require(try await client.namespaces().first { $0.name == "new" }).settings
                #expect(
                    settings
                        == NamespaceSettings(
                            dimension: SmallEmbedder.dimension, model: "m2", threshold: 0.8, capacity: 900))
                for (one, other) in zip(
                    try await client.scan(Scan(), in: "old").entries.filter { $0.entry.prompt != nil },
                    try await client.scan(Scan(), in: "new").entries.filter { $0.entry.prompt != nil })
                {
                    var (one, other) = (one.entry, other.entry)
                    let vector = SmallEmbedder.vector(try #require(other.prompt))
                    let hits = try await client.lookup(
                        Lookup(scope: other.scope, vector: vector, threshold: 0.999, neighbors: 100), in: "new")
                    guard case .hits(let found) = hits.outcome else {
                        Issue.record("it is not found by the new vector")
                        continue
                    }
                    #expect(found.contains { $0.entry.identifier == other.identifier })
                    (one.identifier, one.norm, one.ageMilliseconds) = (
                        other.identifier, other.norm, other.ageMilliseconds
                    )
                    #expect(one == other)
                }

                _ = try await client.insert(Self.entries(100..<110), in: "old")
                let again = try await command(address, server, ["--json"])
                #expect(again.exitCode == 2, "\(again.error)")
                #expect(again.json["movedCount"] as? Int == 110 && again.json["isWarm"] as? Bool == true)
                #expect(try await payloads(client, "new").count == 111)

                // What is announced to the old one hits the new one, until it follows no more.
                try await client.invalidate(Invalidation(source: "kb/1", change: .version(6)), in: "old")
                #expect(try await payloads(client, "new").allSatisfy { Int($0).map { $0 % 4 != 1 } ?? true })
                let end = try await BuiltExecutable.run(
                    ["namespace", "follow", "new", "--none"], environment: ["SEMBLANCE_ADDRESS": address])
                #expect(end.exitCode == 0 && end.output.contains("new follows no other namespace"))
                let dropped = try await BuiltExecutable.run(
                    ["namespace", "drop", "old"], environment: ["SEMBLANCE_ADDRESS": address])
                #expect(dropped.exitCode == 0)
                #expect(try await client.servableCount(of: "new") > 50)
            }
        }
    }

    @Test func whatIsInvalidatedBetweenTheReadingAndTheStoringIsNotServed() async throws {
        try await ServiceHarness.withService(in: folder) { _, client in
            _ = try await client.insert(
                [
                    Insertion(
                        vector: [1, 0], prompt: "a", payload: [1], dependencies: [Dependency("kb", .ordered(1))]),
                    Insertion(vector: [0, 1], prompt: "b", payload: [2], tags: ["t"]),
                    Insertion(scope: Scope(3), vector: [1, 1], prompt: "c", payload: [3]),
                    Insertion(
                        vector: [1, 2], prompt: "d", payload: [4], dependencies: [Dependency("x")],
                        lease: try await client.lease(in: "old")),
                    Insertion(vector: [1, 3], prompt: "e", payload: [5]),
                ], in: "old")
            // The entries have been read by the time that their prompts are embedded.
            let embedder = SmallEmbedder { _ in
                try? await client.invalidate(Invalidation(source: "kb", change: .version(2)), in: "old")
                try? await client.invalidate(Invalidation(source: "x", change: .bump), in: "old")
                _ = try? await client.purge(.tag("t"), in: "old")
                _ = try? await client.purge(.scope(Scope(3)), in: "old")
            }
            try await embedder.run { server in
                let state = try await move(client, server)
                #expect(state.tally.movedCount == 1 && state.tally.outdatedCount == 4)
                let page = try await client.scan(Scan(includesUnservable: true), in: "new")
                #expect(page.entries.map(\.entry.payload) == [[5]])
            }
        }
    }

    @Test func aMoveThatIsCutOffGoesOnWithoutStoringTwice() async throws {
        let embedder = SmallEmbedder()
        try await ServiceHarness.withService(in: folder) { _, client in
            try await embedder.run { server in
                _ = try await client.insert(Self.entries(0..<100), in: "old")
                let noted = try await move(client, server, pageEntries: 16, pages: 2)
                #expect(noted.tally.movedCount == 32)
                // Killed after its third page was stored and before that was noted.
                _ = try await move(client, server, state: noted, pageEntries: 16, pages: 1)
                let state = try await move(client, server, state: noted, copySearch: .firstPage, pageEntries: 16)
                #expect(try await payloads(client, "new") == payloads(client, "old"))
                #expect(state.tally.alreadyThereCount > 0)
                // Nobody noted anything.
                let restarted = try await move(client, server, copySearch: .everyPage, pageEntries: 16)
                #expect(try await payloads(client, "new") == payloads(client, "old"))
                #expect(restarted.tally.alreadyThereCount > 60)
            }
        }
    }

    @Test func aBusyEmbedderIsAskedAgainAndABadOneEndsTheMove() async throws {
        let embedder = SmallEmbedder()
        try await ServiceHarness.withService(in: folder) { address, client in
            try await embedder.run { server in
                _ = try await client.insert(Self.entries(0..<10), in: "old")
                embedder.state.withLock { $0.failures = [429, 503] }
                #expect(try await move(client, server).tally.movedCount == 10)
                embedder.state.withLock { $0.failures = [401] }
                let refused = try await command(address, server, ["--restart", "--json"])
                #expect(refused.exitCode == 1)
                #expect(refused.error.contains("answers with status 401"), "\(refused.error)")
            }
        }
    }

    @Test func aStateOfAnotherMoveIsNotGoneOnWith() async throws {
        try await ServiceHarness.withService(in: folder) { address, client in
            _ = try await client.insert(Self.entries(0..<3), in: "old")
            let position = try await client.lease(in: "old").position
            var state = ReembedState(
                address: address, from: "old", to: "new", model: "m1", incarnation: position.incarnation)
            try state.write(folder.file("state"))
            let other = try await command(address, "http://127.0.0.1:1")
            #expect(other.exitCode == 1 && other.error.contains("to the model 'm1'"), "\(other.error)")
            state.model = "m2"
            state.tally.movedCount = 3
            try state.write(folder.file("state"))
            let gone = try await command(address, "http://127.0.0.1:1")
            #expect(gone.exitCode == 1 && gone.error.contains("'new' has none"), "\(gone.error)")
            #expect(try await client.namespaces().map(\.name) == ["old"])
        }
    }

    @Test(arguments: [
        ("http://a:1", "http://a:1/v1/embeddings"), ("http://a:1/", "http://a:1/v1/embeddings"),
        ("https://a/v1", "https://a/v1/embeddings"), ("https://a/x/embeddings", "https://a/x/embeddings"),
    ])
    func anAddressMayBeCutShort(_ text: String, _ whole: String) {
        #expect(EmbeddingServer.Settings(address: text, model: "").address == whole)
    }
}
