import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import SemblanceClient
import Testing
import VectorSearch

@testable import semblance

@Suite struct DamagedStoreTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var store: String { folder.file("store") }
    private var dataFile: String { store + "/data.mdb" }

    /// A store with a hundred entries that depend on a source.
    private func fill() async throws {
        try await ServiceHarness.withService(in: folder) { _, client in
            let rows = NumPyBytes.randomRows(100, dimension: 64, seed: 4)
            let insertions = rows.map {
                Insertion(vector: $0, text: "answer", dependencies: [Dependency("kb/a", .ordered(1))])
            }
            let outcomes = try await client.insert(insertions, in: "n")
            #expect(outcomes.allSatisfy { if case .stored = $0 { true } else { false } })
        }
    }

    private func check(_ arguments: [String] = []) async throws -> BuiltExecutable.Outcome {
        try await BuiltExecutable.run(["check", "--data", store, "--map-size", "1GiB"] + arguments)
    }

    @Test func aWholeStoreIsCounted() async throws {
        try await fill()
        let outcome = try await check(["--json"])
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.json["entryCount"] as? Int == 100)
        #expect(outcome.json["rowCount"] as? Int == 100)
        #expect(try await check().output.contains("is whole"))
    }

    @Test func withoutAStoreThereIsNothingToCheck() async throws {
        let outcome = try await check()
        #expect(outcome.exitCode == 1)
        #expect(outcome.error.contains("there is no store"))
        #expect(!folder.exists("store"), "looking makes no directory")
    }

    @Test func aFlippedBitInAPayloadIsFound() async throws {
        try await fill()
        var bytes = try Data(contentsOf: URL(filePath: dataFile))
        let place = try #require(bytes.range(of: Data("answer".utf8), options: .backwards))
        bytes[place.lowerBound] ^= 1
        try bytes.write(to: URL(filePath: dataFile))
        let outcome = try await check()
        #expect(outcome.exitCode == 2, "\(outcome.output)\(outcome.error)")
        #expect(outcome.error.hasPrefix("error: store-damaged: "))
        #expect(outcome.output.isEmpty)
        #expect(try await check(["--json"]).error.contains(#""code":"store-damaged""#), "it is there still")
    }

    /// Pages of nonsense may end whoever reads them. The service starts all the same, empty and fenced.
    @Test(arguments: [UInt8(0xff), 0x55, 0x01])
    func theServiceStartsWhateverTheStoreDoesToAReader(_ filling: UInt8) async throws {
        try await fill()
        let size = try Data(contentsOf: URL(filePath: dataFile)).count
        let handle = try FileHandle(forWritingTo: URL(filePath: dataFile))
        // The two pages at the beginning are left as they are: they say where the others are.
        try handle.seek(toOffset: 2 * 4_096)
        try handle.write(contentsOf: Data(repeating: filling, count: size - 2 * 4_096))
        try handle.close()
        #expect(try await check().exitCode == 2)
        let (entryCount, outcome) = try await BuiltExecutable.serve(["--data", store, "--map-size", "1GiB"]) {
            address in
            let client = try SemblanceClient(address: try ServiceAddress(parsing: address))
            let count = try await client.namespaces().count
            await client.close()
            return count
        }
        #expect(entryCount == 0)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        #expect(outcome.output.contains("The store was damaged: "))
        #expect(outcome.output.contains("The store is fenced"))
        let moved = try FileManager.default.contentsOfDirectory(atPath: store).filter { $0.hasPrefix("quarantine-") }
        #expect(moved.count == 1)
    }

    /// Some of this damage ends whoever reads it; the command says so all the same.
    @Test func aDamagedStoreNeverEndsTheCheckItself() async throws {
        try await fill()
        let whole = try Data(contentsOf: URL(filePath: dataFile))
        var endings: Set<Int32> = []
        for seed in UInt64(0)..<12 {
            var generator = SeededGenerator(seed: seed)
            var bytes = whole
            for _ in 0..<4 {
                let start = Int.random(in: 2..<whole.count / 4_096, using: &generator) * 4_096
                for place in start..<start + 64 { bytes[place] = .random(in: 0 ... .max, using: &generator) }
            }
            try bytes.write(to: URL(filePath: dataFile))
            let outcome = try await check()
            endings.insert(outcome.exitCode)
            #expect((0...2).contains(outcome.exitCode), "\(seed): \(outcome.error)")
            if outcome.exitCode > 0 { #expect(outcome.error.hasPrefix("error: "), "\(seed)") }
        }
        #expect(endings.contains(2))
    }

    @Test func aStoreThatEndsItsReaderIsMovedAside() async throws {
        try await fill()
        let script = try folder.write("reader", "#!/bin/sh\nkill -BUS $$\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
        var configuration = EngineConfiguration(directory: store, kernels: try Kernels(environment: [:]))
        configuration.storage.mapBytes = 1 << 30
        let quarantine = try #require(try StoreInspection(executable: script).run(configuration).quarantine)
        #expect(quarantine.damage.detail["signal"] == "SIGBUS")
        #expect(FileManager.default.fileExists(atPath: quarantine.directory + "/data.mdb"))
        let engine = try Engine.open(configuration)
        defer { engine.close() }
        #expect(engine.opening.isFenced)
        #expect(engine.opening.entryCount == 0)
    }

    @Test(
        arguments: [("exit 1", nil), ("kill -KILL $$", CacheError.Code.storageFailed)] as [(String, CacheError.Code?)])
    func aReaderThatIsEndedOtherwiseMovesNothing(_ ending: String, _ code: CacheError.Code?) async throws {
        try await fill()
        let script = try folder.write("reader", "#!/bin/sh\n\(ending)\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
        let configuration = EngineConfiguration(directory: store, kernels: try Kernels(environment: [:]))
        do throws(CacheError) {
            #expect(try StoreInspection(executable: script).run(configuration) == StoreInspection.Finding())
            #expect(code == nil)
        } catch {
            #expect(error.code == code)
        }
        #expect(FileManager.default.fileExists(atPath: dataFile))
    }
}
