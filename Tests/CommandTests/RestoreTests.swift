import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import SemblanceClient
import Testing
import VectorSearch

@testable import semblance

@Suite struct RestoreTests {
    let sample: StoreSample
    private static let vectors = NumPyBytes.randomRows(4, dimension: 16, seed: 9)

    init() throws { sample = try StoreSample() }

    private func insert(
        _ payload: String, _ row: Int, _ source: String, _ version: UInt64, into client: SemblanceClient,
        lease: Lease? = nil
    ) async throws {
        let dependency = Dependency(source, .ordered(version))
        try await client.insert(
            Insertion(vector: Self.vectors[row], text: payload, dependencies: [dependency], lease: lease), in: "n")
    }

    private func lookup(_ row: Int, _ client: SemblanceClient) async throws -> LookupReply {
        try await client.lookup(Lookup(vector: Self.vectors[row], threshold: 0.99), in: "n")
    }

    private func reason(_ row: Int, _ client: SemblanceClient) async throws -> Miss.Reason? {
        guard case .miss(let miss) = try await lookup(row, client).outcome else { return nil }
        return miss.reason
    }

    /// The heart of it: the backup has answers that are stale by now, and does not know it.
    @Test func nothingStaleIsServedAfterARestoreBeforeTheFenceIsLifted() async throws {
        let (oldPosition, early) = try await sample.serve { client in
            try await insert("refunds, version 1", 0, "kb/refunds", 1, into: client)
            try await insert("hours, version 5", 1, "kb/hours", 5, into: client)
            try await client.insert(Insertion(vector: Self.vectors[2], text: "timeless"), in: "n")
            return (try await client.information().position, try await client.lease(in: "n"))
        }
        #expect(try await sample.run("backup", sample.backup).exitCode == 0)
        let late = try await sample.serve { client in
            try await client.invalidate(Invalidation(source: "kb/refunds", change: .version(2)), in: "n")
            #expect(try await lookup(0, client).hit == nil)
            return try await client.lease(in: "n")
        }

        let outcome = try await sample.run("restore", sample.backup, "--replace", "--json")
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.json["isFenced"] as? Bool == true)
        let position = try #require((outcome.json["position"] as? String).flatMap { Position($0) })
        #expect(position.incarnation != oldPosition.incarnation)

        try await sample.serve { client in
            #expect(try await client.information().position == position)
            #expect(try await reason(0, client) == .fenced, "version 1 is stale, and the backup does not know")
            #expect(try await reason(1, client) == .fenced)
            #expect(try await lookup(2, client).text == "timeless")
            for lease in [early, late] {
                await #expect("a lease from before is refused") {
                    try await insert("late", 3, "kb/refunds", 1, into: client, lease: lease)
                } throws: {
                    ($0 as? CacheError)?.code == .badLease
                }
            }
            // A late retry of an old announcement does not lift the fence; one that names the new incarnation does.
            let news = { (source: String, version: UInt64, incarnation: UInt64?) in
                Invalidation(source: source, change: .version(version), incarnation: incarnation)
            }
            try await client.invalidate(news("kb/hours", 5, oldPosition.incarnation), in: "n")
            try await client.invalidate(news("kb/hours", 5, nil), in: "n")
            #expect(try await reason(1, client) == .fenced)
            try await client.invalidate(news("kb/hours", 5, position.incarnation), in: "n")
            #expect(try await lookup(1, client).text == "hours, version 5")
            try await client.invalidate(news("kb/refunds", 2, position.incarnation), in: "n")
            #expect(try await lookup(0, client).hit == nil)
            try await client.liftFence()
            #expect(try await lookup(0, client).hit == nil)
            #expect(try await lookup(1, client).text == "hours, version 5")
        }
    }

    @Test func theStoreThatWasThereIsKept() async throws {
        try await sample.serve { try await StoreSample.insert(0..<10, into: $0) }
        #expect(try await sample.run("backup", sample.backup).exitCode == 0)
        try await sample.serve { try await StoreSample.insert(10..<25, into: $0) }
        let refused = try await sample.run("restore", sample.backup)
        #expect(refused.exitCode == 1)
        #expect(refused.error.contains("--replace"))
        let outcome = try await sample.run("restore", sample.backup, "--replace", "--json")
        let kept = try #require(outcome.json["replaced"] as? String)
        #expect(try await sample.serve { try await StoreSample.found(0..<25, in: $0) } == Array(0..<10))
        let old = try await BuiltExecutable.run(["check", "--data", kept, "--json"])
        #expect(old.json["entryCount"] as? Int == 25)
    }

    @Test func aFolderWithOtherThingsInItIsLeftAlone() async throws {
        try await sample.serve { try await StoreSample.insert(0..<5, into: $0) }
        #expect(try await sample.run("backup", sample.backup).exitCode == 0)
        let other = sample.folder.file("home")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try sample.folder.write("home/letter", "precious")
        let refused = try await BuiltExecutable.run(["restore", sample.backup, "--data", other])
        #expect(refused.exitCode == 1)
        #expect(refused.error.contains("letter"), "\(refused.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: other) == ["letter"])
        #expect(try await BuiltExecutable.run(["restore", sample.backup, "--data", other, "--replace"]).exitCode == 0)
        #expect(try sample.folder.text("home/letter") == "precious")
        #expect(try await BuiltExecutable.run(["check", "--data", other]).exitCode == 0)
    }

    @Test func nothingIsRestoredUnderARunningService() async throws {
        try await sample.serve { client in
            try await StoreSample.insert(0..<5, into: client)
            #expect(try await sample.run("backup", sample.backup).exitCode == 0)
            for command in ["restore", "compact"] {
                let arguments = command == "restore" ? [command, sample.backup, "--replace"] : [command]
                let outcome = try await BuiltExecutable.run(arguments + ["--data", sample.data])
                #expect(outcome.exitCode == 1)
                #expect(outcome.error.hasPrefix("error: store-locked: "), "\(outcome.error)")
            }
            #expect(try await StoreSample.found(0..<5, in: client) == Array(0..<5))
        }
    }

    @Test func aFullDiskLeavesTheStoreAsItWas() async throws {
        try await sample.serve { try await StoreSample.insert(0..<200, into: $0, payloadBytes: 4_000) }
        #expect(try await sample.run("backup", sample.backup).exitCode == 0)
        let outcome = try await sample.run("restore", sample.backup, "--replace", fileBlocks: 512)
        #expect(outcome.exitCode == 1)
        #expect(outcome.error.hasPrefix("error: storage-full: "), "\(outcome.error)")
        #expect(!sample.folder.exists("store/restoring"))
        #expect(try await sample.serve { try await StoreSample.found(0..<200, in: $0).count } == 200)
    }

    @Test func whatIsNoBackupIsRefused() async throws {
        try sample.folder.write("backup.mdb", "nonsense")
        let nonsense = try await sample.run("restore", sample.backup)
        #expect(nonsense.exitCode == 2)
        #expect(nonsense.error.contains("does not begin as the file of a store does"))
        let nothing = try await sample.run("restore", sample.folder.file("nowhere"))
        #expect(nothing.exitCode == 1)
        #expect(nothing.error.contains("No such file"))
        #expect(!sample.folder.exists("store"))
    }

    @Test(arguments: ["format-1", "format-2"])
    func aBackupOfAnEarlierFormatIsRestoredInTheCurrentOne(_ format: String) async throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let fixture = tests.appending(path: "Fixtures/stores/\(format)/data.mdb")
        try FileManager.default.createDirectory(atPath: sample.data, withIntermediateDirectories: true)
        try sample.folder.write("store/data.mdb", try Data(contentsOf: fixture))
        // Before the program that is to upgrade it has run.
        let outcome = try await sample.run("backup", sample.backup, "--verify", "--json")
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.json["storeFormat"] as? Int == (format == "format-1" ? 1 : 2))
        #expect(try await sample.run("check", "--backup", sample.backup).exitCode == 0)
        let namespaceCount = try #require(outcome.json["namespaceCount"] as? Int)
        #expect(try await sample.run("restore", sample.backup, "--replace").exitCode == 0)
        #expect(try await sample.run("check", "--json").json["namespaceCount"] as? Int == namespaceCount)
        let again = try await sample.run("backup", sample.folder.file("again"), "--json")
        #expect(again.json["storeFormat"] as? Int == Int(StoreRecord.currentFormat))
    }

    /// Kills it at moments that are spread over its run: either store is whole, and the new one is never without its fence.
    @Test func whateverEndsARestoreEitherStoreIsThere() async throws {
        try await sample.serve { try await StoreSample.insert(0..<300, into: $0, payloadBytes: 2_000) }
        #expect(try await sample.run("backup", sample.backup).exitCode == 0)
        let start = ContinuousClock.now
        #expect(try await sample.run("restore", sample.backup, "--replace", "--direct").exitCode == 0)
        let whole = ContinuousClock.now - start
        var position = try await examined()
        for round in 1...8 {
            let process = Process()
            process.executableURL = BuiltExecutable.url
            process.arguments = ["restore", "--direct", sample.backup, "--replace", "--data", sample.data]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            // The moment is what the test is about.
            try await Task.sleep(for: whole / 8 * round)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let now = try await examined()
            #expect(now.isFenced, "round \(round)")
            position = now
        }
        #expect(try await sample.run("restore", sample.backup, "--replace").exitCode == 0)
        #expect(try await examined().position != position.position)
        #expect(!sample.folder.exists("store/restoring"))
    }

    private func examined() async throws -> (position: String, isFenced: Bool) {
        let outcome = try await sample.run("check", "--json")
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.json["entryCount"] as? Int == 300)
        return (outcome.json["position"] as? String ?? "", outcome.json["isFenced"] as? Bool == true)
    }
}
