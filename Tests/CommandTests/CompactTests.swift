import CacheModel
import Foundation
import SemblanceClient
import Testing

@testable import semblance

@Suite struct CompactTests {
    let sample: StoreSample

    init() throws { sample = try StoreSample() }

    /// A store most of which was given back.
    private func fill() async throws -> Position {
        try await sample.serve { client in
            try await StoreSample.insert(0..<20, into: client, payloadBytes: 4_000)
            let old = try await StoreSample.insert(20..<270, into: client, payloadBytes: 4_000)
            _ = try await client.delete(old, in: StoreSample.namespace)
            return try await client.information().position
        }
    }

    private var size: Int {
        get throws { try Data(contentsOf: URL(filePath: sample.data + "/data.mdb")).count }
    }

    @Test func theFileGetsSmallerAndTheStoreStaysTheSame() async throws {
        let position = try await fill()
        let before = try size
        let outcome = try await sample.run("compact", "--json")
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.json["beforeBytes"] as? Int == before)
        #expect(outcome.json["afterBytes"] as? Int == (try size), "as the file has it")
        #expect(outcome.json["position"] as? String == position.description)
        let after = try size
        #expect(after < before / 2, "\(after) of \(before)")
        #expect(try await sample.run("check").exitCode == 0)
        try await sample.serve { client in
            #expect(try await client.information().position == position)
            #expect(try await StoreSample.found(0..<270, in: client) == Array(0..<20))
            try await StoreSample.insert(400..<420, into: client)
        }
        #expect(try await sample.run("compact").output.contains("given back"))
    }

    @Test func aFullDiskLeavesTheStoreAsItWas() async throws {
        let position = try await fill()
        let outcome = try await sample.run("compact", fileBlocks: 64)
        #expect(outcome.exitCode == 1)
        #expect(outcome.error.hasPrefix("error: storage-full: "), "\(outcome.error)")
        let checked = try await sample.run("check", "--json")
        #expect(checked.json["position"] as? String == position.description)
        #expect(!FileManager.default.fileExists(atPath: sample.data + "/compacted.mdb"))
    }

    @Test func withoutAStoreThereIsNothingToCompact() async throws {
        let outcome = try await sample.run("compact")
        #expect(outcome.exitCode == 1)
        #expect(outcome.error.contains("there is no store in"))
        #expect(!sample.folder.exists("store"))
    }

    /// A service with fewer rights than root has must be able to open what root has written.
    @Test(.enabled(if: geteuid() == 0, "only root can make files for others"))
    func whatRootWritesBelongsToTheOwnerOfTheDirectory() async throws {
        _ = try await fill()
        let backup = try await sample.run("backup", sample.backup)
        #expect(backup.exitCode == 0)
        for name in [""] + (try FileManager.default.contentsOfDirectory(atPath: sample.data)) {
            #expect(chown(sample.data + "/" + name, 65_534, 65_534) == 0)
        }
        for command in [["compact"], ["restore", sample.backup, "--replace"], ["check"]] {
            let outcome = try await BuiltExecutable.run(command + ["--data", sample.data])
            #expect(outcome.exitCode == 0, "\(outcome.error)")
            for name in ["data.mdb", "lock.mdb", "semblance.lock", "reserve"] {
                var status = stat()
                guard stat(sample.data + "/" + name, &status) == 0 else { continue }
                #expect(status.st_uid == 65_534, "\(name) after \(command)")
            }
        }
    }
}
