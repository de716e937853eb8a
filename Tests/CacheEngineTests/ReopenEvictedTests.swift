import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Testing

/// The store in `Tests/Fixtures/stores/format-4`, written once by the first version that says in a table of its own which entries
/// have been evicted, is read by this one: what was evicted does not come back.
@Suite struct ReopenEvictedTests {
    private static let folder = FormatFixture.folder.deletingLastPathComponent().appending(path: "format-4")
    private static let evicted: Set<Int> = [0, 3, 6, 9, 12, 15, 18]

    private static func configure(_ configuration: inout EngineConfiguration) {
        configuration.storage.mapBytes = 16 << 20
        configuration.eviction.entryLimit = 20
    }

    private static func insertion(_ number: Int) -> Insertion {
        Insertion(
            key: ExactKey(UInt128(number + 1) << 64), vector: [1, Float(number), Float(number * number)],
            payload: [UInt8](repeating: UInt8(number), count: number % 4 == 0 ? 2_500 : 20),
            costSavedNanodollars: number < 21 && number % 3 == 0 ? 10 + UInt64(number) : 1_000_000)
    }

    /// Writes the fixture: `SEMBLANCE_WRITE_FIXTURES=1 swift test --filter writesTheEvictedFixture`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SEMBLANCE_WRITE_FIXTURES"] != nil))
    func writesTheEvictedFixture() throws {
        let harness = try EngineHarness(configure: Self.configure)
        for number in 0..<27 { #expect(harness.insert(Self.insertion(number)).entry != nil) }
        try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
        let file = Self.folder.appending(path: "data.mdb")
        if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
        try harness.engine.copy(to: Self.folder.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    }

    @Test(arguments: [false, true])
    func whatWasEvictedDoesNotComeBack(isStrict: Bool) throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/store", withIntermediateDirectories: true)
        try Data(contentsOf: Self.folder.appending(path: "data.mdb"))
            .write(to: URL(filePath: directory.path + "/store/data.mdb"))
        let harness = try EngineHarness(directory: directory) {
            Self.configure(&$0)
            $0.isStrict = isStrict
        }
        let report = harness.engine.opening
        #expect(report.entryCount == 20 && report.damagedEntryCount == 0 && report.quarantinedTo == nil)
        #expect(try harness.recordCounts()[.entries] == 27)
        for number in 0..<27 {
            let insertion = Self.insertion(number)
            let hit = harness.lookup(Lookup(key: insertion.key)).hits.first
            #expect(hit?.entry.payload == (Self.evicted.contains(number) ? nil : insertion.payload), "\(number)")
        }
    }
}
