import CacheEngine
import CacheModel
import CacheStorage
import Testing

@Suite struct EvictionTests {
    private static func harness(capacity: Int) throws -> EngineHarness {
        let harness = try EngineHarness()
        _ = try harness.create(EngineHarness.namespace, NamespaceSettings(capacity: capacity)).get()
        return harness
    }

    private static func insertions(_ numbers: Range<Int>) -> [Insertion] {
        numbers.map {
            Insertion(key: ExactKey(UInt128($0)), vector: [1, Float($0)], payload: [UInt8($0 % 256)], tags: ["t"])
        }
    }

    private static func kept(_ harness: EngineHarness, through last: UInt64) -> [UInt64] {
        harness.entries(through: last).map(\.identifier.number)
    }

    @Test func theOldestMakeRoomOneByOne() throws {
        let harness = try Self.harness(capacity: 5)
        for number in 0..<12 { harness.insert(Self.insertions(number..<number + 1)) }
        #expect(Self.kept(harness, through: 12) == [8, 9, 10, 11, 12])
        #expect(harness.counter("evictions") == 7)
        #expect(harness.lookup(Lookup(key: ExactKey(6))).missReason == .nothingStored)
        #expect(harness.lookup(Lookup(key: ExactKey(7))).hits.count == 1)
        try harness.reopen()
        harness.insert(Self.insertions(12..<13))
        #expect(Self.kept(harness, through: 13) == [9, 10, 11, 12, 13])
    }

    @Test func aBatchNeverPushesItsOwnRowsOut() throws {
        let harness = try Self.harness(capacity: 5)
        harness.insert(Self.insertions(0..<3))
        let outcomes = harness.insert(Self.insertions(3..<12))
        #expect(outcomes.allSatisfy { $0.entry != nil })
        #expect(Self.kept(harness, through: 12) == Array(4...12))
        // The next batch brings the namespace back to its capacity.
        harness.insert(Self.insertions(12..<14))
        #expect(Self.kept(harness, through: 14) == Array(10...14))
        #expect(try harness.recordCounts()[.blocks] == 1)
    }

    @Test func replacingAKeyInAFullNamespacePushesNothingOut() throws {
        let harness = try Self.harness(capacity: 3)
        harness.insert(Self.insertions(0..<3))
        harness.insert(Self.insertions(2..<3))
        #expect(Self.kept(harness, through: 4) == [1, 2, 4])
        #expect(harness.counter("evictions") == 0)
    }

    @Test func deletedEntriesMakeRoomToo() throws {
        let harness = try Self.harness(capacity: 3)
        harness.insert(Self.insertions(0..<3))
        #expect(harness.delete([EntryIdentifier(3)]) == [true])
        harness.insert(Self.insertions(3..<4))
        #expect(Self.kept(harness, through: 4) == [1, 2, 4])
    }

    @Test func capacityIsANamespacesOwn() throws {
        let harness = try Self.harness(capacity: 2)
        harness.insert(Self.insertions(0..<2))
        for number in 0..<5 { harness.insert(Self.insertions(number..<number + 1), into: "other") }
        #expect(harness.description()?.entryCount == 2)
        #expect(harness.description(of: "other")?.entryCount == 5)
    }
}
