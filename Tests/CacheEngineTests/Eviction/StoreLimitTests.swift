import CacheEngine
import CacheModel
import CacheStorage
import Synchronization
import Testing

/// Limits of the whole store, by entries and by bytes.
@Suite struct StoreLimitTests {
    private static func insertion(_ number: Int, bytes: Int = 100, cost: UInt64 = 1_000) -> Insertion {
        Insertion(
            key: ExactKey(UInt128(number)), vector: [1, Float(number)], payload: [UInt8](repeating: 7, count: bytes),
            costSavedNanodollars: cost)
    }

    private static func entryCount(_ harness: EngineHarness) -> Int { harness.engine.statistics().entryCount }
    private static func limitedBytes(_ harness: EngineHarness) -> Int { harness.engine.statistics().limitedBytes }

    @Test func allNamespacesShareTheEntriesOfTheStore() throws {
        let harness = try EngineHarness { $0.eviction.entryLimit = 10 }
        for number in 0..<10 { harness.insert(Self.insertion(number, cost: 1_000_000), into: "dear") }
        for number in 0..<8 { harness.insert(Self.insertion(number), into: "cheap") }
        #expect(Self.entryCount(harness) == 10)
        // Each new one pushed out the cheap one before it, but for the first, which found only dear ones.
        #expect(harness.description(of: "dear")?.entryCount == 9)
        #expect(harness.description(of: "cheap")?.entryCount == 1)
        #expect(harness.counter("evictions") == 8)
    }

    @Test func aNamespacesOwnCapacityHoldsBesideTheStores() throws {
        let harness = try EngineHarness { $0.eviction.entryLimit = 10 }
        _ = try harness.create("small", NamespaceSettings(capacity: 3)).get()
        for number in 0..<6 { harness.insert(Self.insertion(number), into: "small") }
        #expect(harness.description(of: "small")?.entryCount == 3)
        for number in 0..<12 { harness.insert(Self.insertion(number), into: "large") }
        #expect(Self.entryCount(harness) == 10)
    }

    @Test func bytesAreALimitThatABatchAloneMayExceed() throws {
        let harness = try EngineHarness { $0.eviction.byteLimit = 400_000 }
        for number in 0..<100 {
            harness.insert(Self.insertion(number, bytes: 1_000 + 137 * (number % 50)))
            #expect(Self.limitedBytes(harness) <= 400_000)
        }
        #expect(harness.counter("evictions") > 20)
        let outcomes = harness.insert((100..<200).map { Self.insertion($0, bytes: 5_000) })
        #expect(outcomes.allSatisfy { $0.entry != nil })
        #expect(Self.entryCount(harness) == 100)
        #expect(Self.limitedBytes(harness) > 400_000)
        harness.insert(Self.insertion(200))
        #expect(Self.limitedBytes(harness) <= 400_000)
    }

    @Test func theBytesOfANamespaceAreItsOwn() throws {
        let harness = try EngineHarness { $0.eviction.namespaceByteLimits = ["small": 100_000] }
        _ = try harness.create("small", NamespaceSettings(capacity: 30)).get()
        for number in 0..<60 {
            harness.insert(Self.insertion(number, bytes: 5_000), into: "small")
            harness.insert(Self.insertion(number, bytes: 5_000), into: "other")
        }
        #expect((10...12).contains(harness.description(of: "small")?.entryCount ?? 0))
        #expect(harness.description(of: "other")?.entryCount == 60)
        #expect(Self.limitedBytes(harness) <= 100_000)
        try harness.reopen()
        for number in 0..<60 { harness.insert(Self.insertion(number), into: "small") }
        #expect(harness.description(of: "small")?.entryCount == 30)
    }

    @Test func whereBytesAreLimitedALargeEntryGoesBeforeSmallOnes() throws {
        let harness = try EngineHarness { $0.eviction.byteLimit = 300_000 }
        harness.insert(Self.insertion(0, bytes: 100_000))
        for number in 1..<40 { harness.insert(Self.insertion(number, bytes: 1_000)) }
        let before = harness.counter("evictions")
        harness.insert(Self.insertion(100, bytes: 60_000, cost: 1_000_000))
        harness.insert(Self.insertion(101, bytes: 60_000, cost: 1_000_000))
        #expect(harness.counter("evictions") == before)
        harness.insert(Self.insertion(102, bytes: 60_000, cost: 1_000_000))
        #expect(harness.counter("evictions") == before + 1)
        #expect(harness.lookup(Lookup(key: ExactKey(0))).hits.isEmpty)
        #expect(harness.counter("evictedBytes") > 100_000)
    }

    @Test func aStartFindsTheSameBytes() throws {
        let harness = try EngineHarness { $0.eviction.byteLimit = 1 << 30 }
        for number in 0..<50 {
            var insertion = Self.insertion(number, bytes: number * 200)
            insertion.prompt = number % 3 == 0 ? String(repeating: "p", count: number * 50) : nil
            if number % 4 == 0 { insertion.vector = nil }
            if number % 5 == 1, insertion.vector != nil { insertion.key = nil }
            insertion.tags = number % 2 == 0 ? ["a", "b"] : []
            insertion.dependencies = number % 7 == 0 ? [Dependency("kb", .ordered(1))] : []
            harness.insert(insertion)
        }
        let bytes = Self.limitedBytes(harness)
        try harness.reopen()
        let entry = try #require(harness.insert(Self.insertion(1_000)).entry)
        let one = Self.limitedBytes(harness) - bytes
        #expect((300...6_000).contains(one))
        #expect(harness.delete([entry]) == [true])
        #expect(Self.limitedBytes(harness) == bytes)
    }

    @Test func aStoreThatIsLargerThanItsNewLimitShrinksWithTheNextInsert() throws {
        let harness = try EngineHarness()
        for number in 0..<100 { harness.insert(Self.insertion(number)) }
        try harness.reopen { $0.eviction.entryLimit = 20 }
        #expect(Self.entryCount(harness) == 100)
        harness.insert(Self.insertion(100))
        #expect(Self.entryCount(harness) == 20)
        #expect(harness.entries(through: 101).map(\.identifier.number) == Array(82...101))
    }

    /// A disk without room, after which the store is opened anew, and a map without room (`MDB_MAP_FULL`), after which it is not.
    @Test(arguments: [28, -30_792] as [CInt])
    func whatAFailedCommitEvictedIsThereAgain(_ code: CInt) throws {
        let fails = Mutex(false)
        let harness = try EngineHarness { configuration in
            configuration.eviction.entryLimit = 20
            configuration.storage.commitFault = { _ in fails.withLock { $0 } ? code : 0 }
        }
        for number in 0..<20 { harness.insert(Self.insertion(number)) }
        fails.withLock { $0 = true }
        #expect(harness.insert((20..<30).map { Self.insertion($0) }).allSatisfy { $0.entry == nil })
        fails.withLock { $0 = false }
        #expect(harness.counter("evictions") == 0)
        #expect(harness.entries(through: 20).count == 20)
        harness.insert(Self.insertion(30))
        #expect(harness.counter("evictions") == 1)
        #expect(Self.entryCount(harness) == 20)
    }

    /// Every insert evicts, in a store with a search by vector, for fifteen times what it holds.
    @Test(arguments: [EvictionOrder.value, .recency])
    func aFullStoreStaysAsLargeAsItIs(_ order: EvictionOrder) throws {
        let harness = try EngineHarness { configuration in
            configuration.eviction.entryLimit = 500
            configuration.eviction.order = order
            configuration.storage.durability = .relaxed
        }
        var random = HistoryRandom(seed: 5)
        func round() {
            for _ in 0..<10 {
                harness.insert((0..<50).map { _ in
                    let vector = (0..<384).map { _ in Float.random(in: -1...1, using: &random) }
                    return Insertion(
                        key: ExactKey(UInt128(random.next())), vector: vector,
                        payload: [UInt8](repeating: 1, count: 1_000),
                        costSavedNanodollars: .random(in: 1...1_000_000, using: &random))
                })
            }
        }
        for _ in 0..<8 { round() }
        let usedBytes = harness.engine.statistics().usedBytes
        for _ in 0..<8 { round() }
        #expect(harness.counter("evictions") == 8_000 - Self.entryCount(harness))
        #expect((493...500).contains(Self.entryCount(harness)))
        let grown = Double(harness.engine.statistics().usedBytes) / Double(usedBytes)
        #expect(grown < 1.15, "\(grown)")
        // What remains of those that went goes with their blocks, of which none is left with less than half of its rows.
        let counts = try harness.recordCounts()
        #expect((counts[.blocks] ?? 0) <= 500 / 21 + 2)
        for table in [Table.entries, .payloads, .keys] { #expect((500..<1_100).contains(counts[table] ?? 0)) }
    }
}
