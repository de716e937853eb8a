import CacheModel
import CacheStorage
import Synchronization
import Testing

@Suite struct FormatUpgradeTests {
    private let folder = TemporaryDirectory()

    private static func store(format: UInt32) -> [UInt8] {
        var record = StoreRecord(incarnation: 77)
        record.format = format
        record.nextEntry = 5
        return record.encoded()
    }

    private func makeStore(format: UInt32) throws {
        let environment = try folder.environment()
        let writer = try environment.beginWrite()
        try writer.put(.store, StorageKey.store, Self.store(format: format))
        try writer.commit(.invalidation)
    }

    private static func run(_ upgrade: FormatUpgrade, _ environment: StorageEnvironment) -> CacheError? {
        do { try upgrade.run(in: environment) } catch { return error }
        return nil
    }

    private static func format(_ environment: StorageEnvironment) throws -> UInt32? {
        let reader = try environment.beginRead()
        guard let value = try reader.value(.store, StorageKey.store) else { return nil }
        defer { withExtendedLifetime(reader) {} }
        return try StoreRecord.format(of: value)
    }

    /// A step that notes that it ran, and leaves the next format.
    private static func step(from: UInt32) -> FormatUpgrade.Step {
        FormatUpgrade.Step(from: from) { (transaction) throws(CacheError) in
            let trail = try transaction.value(.garbage, [9]).map { Array($0) } ?? []
            try transaction.put(.garbage, [9], trail + [UInt8(from)])
            try transaction.put(.store, StorageKey.store, Self.store(format: from + 1))
        }
    }

    @Test func everyStepOfTheWayRunsOnceAndInOrder() throws {
        try makeStore(format: 1)
        let environment = try folder.environment()
        let upgrade = FormatUpgrade(target: 4, steps: [Self.step(from: 3), Self.step(from: 1), Self.step(from: 2)])
        #expect(Self.run(upgrade, environment) == nil)
        #expect(try Self.format(environment) == 4)
        #expect(Self.run(upgrade, environment) == nil)
        let reader = try environment.beginRead()
        #expect(try reader.value(.garbage, [9]).map { Array($0) } == [1, 2, 3])
        withExtendedLifetime(reader) {}
    }

    @Test func aStepThatFailsLeavesTheFormatBeforeIt() throws {
        try makeStore(format: 1)
        let environment = try folder.environment()
        let failing = FormatUpgrade.Step(from: 2) { (transaction) throws(CacheError) in
            try transaction.put(.garbage, [8], [1])
            throw CacheError(.storageFull, "no room")
        }
        let interrupted = FormatUpgrade(target: 3, steps: [Self.step(from: 1), failing])
        #expect(Self.run(interrupted, environment)?.code == .storageFull)
        #expect(try Self.format(environment) == 2)
        #expect(try environment.beginRead().value(.garbage, [8]) == nil)
        #expect(Self.run(FormatUpgrade(target: 3, steps: [Self.step(from: 2)]), environment) == nil)
        #expect(try Self.format(environment) == 3)
    }

    @Test func aStepThatLeavesAnotherFormatIsNotCommitted() throws {
        try makeStore(format: 1)
        let environment = try folder.environment()
        let wrong = FormatUpgrade.Step(from: 1) { (transaction) throws(CacheError) in
            try transaction.put(.store, StorageKey.store, Self.store(format: 3))
        }
        #expect(Self.run(FormatUpgrade(target: 3, steps: [wrong]), environment)?.code == .internalError)
        #expect(try Self.format(environment) == 1)
    }

    @Test func aNewerFormatIsRefusedAndItsFileLeftAsItIs() throws {
        try makeStore(format: 9)
        let before = try folder.bytes(of: "data.mdb")
        do {
            let error = Self.run(.current, try folder.environment())
            #expect(error?.code == .unsupportedFormat)
            #expect(error?.detail == ["expected": String(StoreRecord.currentFormat), "got": "9"])
        }
        #expect(try folder.bytes(of: "data.mdb") == before)
    }

    @Test func anEmptyStoreNeedsNoUpgradeAndADamagedRecordIsNoFormat() throws {
        let environment = try folder.environment()
        #expect(Self.run(.current, environment) == nil)
        #expect(try Self.format(environment) == nil)
        let writer = try environment.beginWrite()
        var record = Self.store(format: 1)
        record[0] ^= 1
        try writer.put(.store, StorageKey.store, record)
        try writer.commit(.entries)
        #expect(Self.run(.current, environment)?.code == .storeDamaged)
    }

    /// Every version but the newest has a step, so that no store is ever left behind.
    @Test func thereIsAWayFromEveryFormatToTheCurrentOne() {
        #expect(FormatUpgrade.current.target == StoreRecord.currentFormat)
        #expect(Set(FormatUpgrade.current.steps.map(\.from)) == Set(1..<StoreRecord.currentFormat))
    }
}
