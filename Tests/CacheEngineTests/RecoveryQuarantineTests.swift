import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Testing

/// Damage to what decides freshness: the store is moved aside, and an empty, fenced one takes its place.
@Suite struct RecoveryQuarantineTests {
    private static func filledHarness() throws -> EngineHarness {
        let harness = try EngineHarness()
        harness.insert(
            (0..<20).map {
                Insertion(vector: [1, Float($0)], payload: [UInt8($0)], dependencies: [Dependency("kb", .ordered(1))])
            })
        #expect(try harness.invalidate("kb", .version(1)).get().changed)
        #expect(try harness.invalidate("faq", .version(7)).get().changed)
        return harness
    }

    private static func expectQuarantined(_ harness: EngineHarness, _ damaged: Data, _ old: Position) throws {
        let report = harness.engine.opening
        let place = try #require(report.quarantinedTo)
        #expect(place.hasPrefix(harness.storePath + "/quarantine-"))
        #expect(report.damage?.code == .storeDamaged && report.isFenced && report.isNew && report.entryCount == 0)
        let kept = try Data(contentsOf: URL(filePath: place + "/data.mdb"))
        #expect(kept == damaged)
        let position = harness.engine.position
        #expect(position.incarnation != old.incarnation && position.incarnation != 0)
        #expect(harness.engine.statistics().isFenced && harness.engine.namespaces().isEmpty)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .nothingStored)
        // Nothing is believed of a source before somebody announces it to this incarnation.
        let insertion = Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(1))])
        #expect(harness.insert(insertion).code == .fenced)
        harness.invalidate("kb", .version(1))
        #expect(harness.insert(insertion).code == .fenced)
        harness.invalidate("kb", .version(1), incarnation: position.incarnation)
        #expect(harness.insert(insertion).entry != nil)
        #expect(harness.insert(Insertion(vector: [1, 0], payload: [1])).entry != nil)
        // The fence outlives a restart; the quarantine is not repeated.
        try harness.reopen()
        #expect(harness.engine.opening.quarantinedTo == nil && harness.engine.opening.isFenced)
        #expect(harness.engine.position.incarnation == position.incarnation)
        #expect(!harness.lookup(Lookup(vector: [1, 0])).hits.isEmpty)
    }

    /// Does the damage, then opens strictly, which must throw and move nothing, then as usual.
    private static func expectQuarantine(_ harness: EngineHarness, _ damage: (WriteTransaction) throws -> Void) throws {
        let old = harness.engine.position
        harness.engine.close()
        do {
            let environment = try StorageEnvironment(
                directory: harness.storePath, options: harness.configuration.storage)
            let writer = try environment.beginWrite()
            try damage(writer)
            try writer.commit(.entries)
        }
        let damaged = try Data(contentsOf: URL(filePath: harness.storePath + "/data.mdb"))
        var strict = harness.configuration
        strict.isStrict = true
        #expect(throws: CacheError.self) { try Engine.open(strict) }
        #expect(try Data(contentsOf: URL(filePath: harness.storePath + "/data.mdb")) == damaged)
        try harness.reopen()
        try expectQuarantined(harness, damaged, old)
    }

    private static func flip(_ table: Table, _ key: [UInt8], _ writer: WriteTransaction) throws {
        var bytes = Array(try #require(try writer.value(table, key)))
        bytes[bytes.count / 2] ^= 2
        try writer.put(table, key, bytes)
    }

    private static let watermark = StorageKey.watermark(NamespaceIdentifier(1), .source, Array("kb".utf8))

    @Test func aMissingStoreRecord() throws {
        try Self.expectQuarantine(Self.filledHarness()) { try $0.delete(.store, StorageKey.store) }
    }

    @Test func aDamagedStoreRecord() throws {
        try Self.expectQuarantine(Self.filledHarness()) { try Self.flip(.store, StorageKey.store, $0) }
    }

    @Test func aDamagedNamespaceRecord() throws {
        try Self.expectQuarantine(Self.filledHarness()) {
            try Self.flip(.namespaces, StorageKey.namespace(NamespaceIdentifier(1)), $0)
        }
    }

    @Test func aDamagedWatermark() throws {
        try Self.expectQuarantine(Self.filledHarness()) { try Self.flip(.watermarks, Self.watermark, $0) }
    }

    /// Valid records all of them, but not those that were written last.
    @Test func aLostWatermark() throws {
        try Self.expectQuarantine(Self.filledHarness()) { try $0.delete(.watermarks, Self.watermark) }
    }

    @Test func aWatermarkThatIsOldAgain() throws {
        let harness = try Self.filledHarness()
        let old = try harness.examine { environment in
            let reader = try environment.beginRead()
            return try reader.value(.watermarks, Self.watermark).map { Array($0) } ?? []
        }
        #expect(try harness.invalidate("kb", .version(2)).get().changed)
        try Self.expectQuarantine(harness) { try $0.put(.watermarks, Self.watermark, old) }
    }

    @Test func aNamespaceFloorThatIsOldAgain() throws {
        let harness = try Self.filledHarness()
        let key = StorageKey.namespace(NamespaceIdentifier(1))
        let old = try harness.examine { environment in
            let reader = try environment.beginRead()
            return try reader.value(.namespaces, key).map { Array($0) } ?? []
        }
        _ = try harness.drop(EngineHarness.namespace).get()
        try Self.expectQuarantine(harness) { try $0.put(.namespaces, key, old) }
    }

    @Test(arguments: [1, 100, 4_000])
    func whatIsNoDatabaseIsMovedAside(count: Int) throws {
        let harness = try Self.filledHarness()
        let old = harness.engine.position
        harness.engine.close()
        let garbage = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try garbage.write(to: URL(filePath: harness.storePath + "/data.mdb"))
        try harness.reopen()
        try Self.expectQuarantined(harness, garbage, old)
    }

    @Test func aStoreOfANewerFormatIsRefusedAndNotMovedAside() throws {
        let harness = try Self.filledHarness()
        harness.engine.close()
        do {
            let environment = try StorageEnvironment(
                directory: harness.storePath, options: harness.configuration.storage)
            let writer = try environment.beginWrite()
            var record = try StoreRecord(decoding: try #require(try writer.value(.store, StorageKey.store)))
            record.format = StoreRecord.currentFormat + 1
            try writer.put(.store, StorageKey.store, record.encoded())
            try writer.commit(.entries)
        }
        let before = try Data(contentsOf: URL(filePath: harness.storePath + "/data.mdb"))
        do throws(CacheError) {
            _ = try Engine.open(harness.configuration)
            Issue.record("a store of a newer format was opened")
        } catch {
            #expect(error.code == .unsupportedFormat)
        }
        #expect(try Data(contentsOf: URL(filePath: harness.storePath + "/data.mdb")) == before)
        let files = try FileManager.default.contentsOfDirectory(atPath: harness.storePath)
        #expect(!files.contains { $0.hasPrefix("quarantine") })
    }
}
