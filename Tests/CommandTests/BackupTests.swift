import CacheModel
import CacheStorage
import Foundation
import SemblanceClient
import Synchronization
import Testing

@testable import semblance

@Suite struct BackupTests {
    let sample: StoreSample

    init() throws { sample = try StoreSample() }

    /// How far somebody has come who writes all the time.
    private final class Progress: Sendable {
        private let state = Mutex((count: 0, isOver: false))

        var count: Int { state.withLock { $0.count } }
        var isOver: Bool { state.withLock { $0.isOver } }

        func reach(_ count: Int) { state.withLock { $0.count = count } }
        func end() { state.withLock { $0.isOver = true } }
    }

    private func write(_ client: SemblanceClient, _ progress: Progress) async throws {
        defer { progress.end() }
        while !progress.isOver {
            let next = progress.count
            try await StoreSample.insert(next..<next + 20, into: client, payloadBytes: 3_000)
            progress.reach(next + 20)
        }
    }

    @Test func aBackupOfALiveStoreHasEverythingThatWasAcknowledgedBefore() async throws {
        let before = try await sample.serve { client in
            let progress = Progress()
            async let writing: Void = write(client, progress)
            while progress.count < 300, !progress.isOver { await Task.yield() }
            let before = progress.count
            let outcome = try await sample.run("backup", sample.backup, "--verify", "--json")
            #expect(outcome.exitCode == 0, "\(outcome.error)")
            #expect(outcome.json["isVerified"] as? Bool == true)
            #expect(outcome.json["entryCount"] as? Int ?? 0 >= before)
            #expect(progress.count > before, "writes go on meanwhile")
            progress.end()
            try await writing
            return before
        }
        let checked = try await sample.run("check", "--backup", sample.backup, "--json")
        #expect(checked.exitCode == 0, "\(checked.error)")
        let restored = try TemporaryFolder()
        let outcome = try await BuiltExecutable.run(["restore", sample.backup, "--data", restored.file("store")])
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        let found = try await ServiceHarness.withService(in: restored) { _, client in
            try await StoreSample.found(0..<before, in: client)
        }
        #expect(found == Array(0..<before))
    }

    @Test func theManifestTellsWhatIsInTheBackup() async throws {
        let position = try await sample.serve { client in
            try await StoreSample.insert(0..<30, into: client)
            return try await client.invalidate(Invalidation(source: "kb/a", change: .version(4)), in: "n").position
        }
        let outcome = try await sample.run("backup", sample.backup)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.output.contains("backed up \(sample.data) to \(sample.backup)"))
        let manifest = try #require(try BackupManifest.read(besides: sample.backup))
        #expect(manifest.position == position.description)
        #expect(manifest.entryCount == 30 && manifest.watermarkCount == 1 && manifest.namespaceCount == 1)
        let bytes = try Data(contentsOf: URL(filePath: sample.backup))
        #expect(manifest.byteCount == bytes.count)
        #expect(manifest.sha256.count == 64)
        #expect(try sample.names == ["backup.mdb", "backup.mdb.json"])
        for name in try sample.names {
            let attributes = try FileManager.default.attributesOfItem(atPath: sample.folder.file(name))
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
        let checked = try await sample.run("check", "--backup", sample.backup)
        #expect(checked.output.contains("is whole") && checked.output.contains("agrees"))
    }

    @Test func aTargetThatExistsIsReplacedOnlyOnRequest() async throws {
        try await sample.serve { try await StoreSample.insert(0..<10, into: $0) }
        try sample.folder.write("backup.mdb", "precious")
        let refused = try await sample.run("backup", sample.backup, "--json")
        #expect(refused.exitCode == 1)
        #expect(refused.error.contains("--replace"))
        #expect(try sample.folder.text("backup.mdb") == "precious")
        #expect(try sample.names == ["backup.mdb"])
        #expect(try await sample.run("backup", sample.backup, "--replace").exitCode == 0)
        #expect(try await sample.run("check", "--backup", sample.backup).exitCode == 0)
    }

    @Test func aFullDiskLeavesNothingBehind() async throws {
        try await sample.serve { try await StoreSample.insert(0..<200, into: $0, payloadBytes: 4_000) }
        let outcome = try await sample.run("backup", sample.backup, fileBlocks: 256)
        #expect(outcome.exitCode == 1, "\(outcome.output)")
        #expect(outcome.error.hasPrefix("error: storage-full: "), "\(outcome.error)")
        #expect(try sample.names.isEmpty)
        #expect(try await sample.run("check").exitCode == 0)
    }

    @Test func whatCannotBeBackedUpIsSaid() async throws {
        let nothing = try await sample.run("backup", sample.backup)
        #expect(nothing.exitCode == 1)
        #expect(nothing.error.contains("there is no store in"))
        #expect(!sample.folder.exists("store"), "looking makes no directory")
        try await sample.serve { try await StoreSample.insert(0..<10, into: $0) }
        for target in [sample.folder.file("nowhere/backup"), sample.folder.path] {
            let outcome = try await sample.run("backup", target)
            #expect(outcome.exitCode == 1)
            #expect(outcome.error.contains(target), "\(outcome.error)")
        }
        #expect(try await sample.run("backup", "-", "--verify").exitCode == 64)
        #expect(try sample.names.isEmpty)
    }

    @Test func aDamagedStoreGivesNoBackup() async throws {
        try await sample.serve { try await StoreSample.insert(0..<50, into: $0) }
        try truncateFile(sample.data + "/data.mdb", to: 8_192)
        let outcome = try await sample.run("backup", sample.backup)
        #expect(outcome.exitCode == 2, "\(outcome.output)")
        #expect(outcome.error.hasPrefix("error: store-damaged: "))
        #expect(try sample.names.isEmpty)
    }

    @Test func aStreamIsABackupAsWell() async throws {
        try await sample.serve { try await StoreSample.insert(0..<40, into: $0) }
        let path = sample.folder.file("piped")
        let running = try BuiltExecutable.Running([], environment: [:], in: nil)
        running.process.executableURL = URL(filePath: "/bin/sh")
        running.process.arguments = [
            "-c", #""$0" backup - --data "$1" --json | cat > "$2""#, BuiltExecutable.url.path, sample.data, path,
        ]
        let outcome = try await running.outcome()
        #expect(outcome.error.contains(#""isVerified":false"#), "\(outcome.error)")
        let checked = try await sample.run("check", "--backup", path, "--json")
        #expect(checked.exitCode == 0, "\(checked.error)")
        #expect(checked.json["entryCount"] as? Int == 40)
        #expect(checked.json["hasManifest"] as? Bool == false)
    }

    @Test(arguments: [0.1, 0.5, 0.9])
    func aByteThatChangesLaterIsFound(_ place: Double) async throws {
        try await sample.serve { try await StoreSample.insert(0..<50, into: $0) }
        #expect(try await sample.run("backup", sample.backup).exitCode == 0)
        var bytes = try Data(contentsOf: URL(filePath: sample.backup))
        bytes[Int(Double(bytes.count) * place)] ^= 4
        try bytes.write(to: URL(filePath: sample.backup))
        let restored = sample.folder.file("r")
        for command in [["check", "--backup", sample.backup], ["restore", sample.backup, "--data", restored]] {
            let outcome = try await BuiltExecutable.run(command)
            #expect(outcome.exitCode == 2, "\(outcome.output)")
            #expect(outcome.error.hasPrefix("error: store-damaged: "))
        }
        let left = (try? FileManager.default.contentsOfDirectory(atPath: restored)) ?? []
        #expect(Set(left).isSubset(of: ["semblance.lock", "reserve"]), "nothing is left of the attempt")
    }

    /// Pages are kept for a reader of another process as long as it lives, and no longer.
    @Test func aBackupThatIsKilledKeepsNoPagesForEver() async throws {
        try await sample.serve { try await StoreSample.insert(0..<200, into: $0, payloadBytes: 4_000) }
        let environment = try StorageEnvironment(directory: sample.data, options: StorageOptions(mapBytes: 1 << 30))
        #expect(environment.oldestReader == nil)
        let process = Process()
        process.executableURL = BuiltExecutable.url
        process.arguments = ["backup", "--direct", "-", "--data", sample.data]
        // Nobody reads more than its first byte, so the copy begins and does not end.
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        #expect(try pipe.fileHandleForReading.read(upToCount: 1)?.count == 1)
        #expect(environment.oldestReader != nil)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(environment.oldestReader != nil, "LMDB does not notice by itself")
        try environment.forgetDeadReaders()
        #expect(environment.oldestReader == nil)
        withExtendedLifetime(pipe) {}
    }
}
