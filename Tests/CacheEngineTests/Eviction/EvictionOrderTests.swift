import CacheEngine
import CacheModel
import CacheStorage
import Testing

/// Who goes, in namespaces and stores so small that all entries are compared.
@Suite struct EvictionOrderTests {
    private static func harness(_ order: EvictionOrder = .value, capacity: Int? = nil) throws -> EngineHarness {
        let harness = try EngineHarness { $0.eviction.order = order }
        _ = try harness.create(EngineHarness.namespace, NamespaceSettings(capacity: capacity)).get()
        return harness
    }

    private static func insertion(
        _ number: Int, bytes: Int = 100, cost: UInt64 = 1_000, expiresAt: Timestamp? = nil, dependencies: [Dependency] = []
    ) -> Insertion {
        Insertion(
            key: ExactKey(UInt128(number)), vector: [1, Float(number)], payload: [UInt8](repeating: 7, count: bytes),
            dependencies: dependencies, expiresAt: expiresAt, costSavedNanodollars: cost)
    }

    private static func keys(_ harness: EngineHarness, _ numbers: Range<Int>) -> [Int] {
        numbers.filter {
            !harness.lookup(Lookup(key: ExactKey(UInt128($0)), omitsPayload: true)).hits.isEmpty
        }
    }

    private static func ask(_ harness: EngineHarness, _ number: Int, times: Int = 1) {
        for _ in 0..<times {
            #expect(harness.lookup(Lookup(key: ExactKey(UInt128(number)))).hits.count == 1)
        }
    }

    @Test func whatIsAskedForOftenStays() throws {
        let harness = try Self.harness(capacity: 4)
        for number in 0..<4 { harness.insert(Self.insertion(number)) }
        Self.ask(harness, 0, times: 5)
        Self.ask(harness, 2, times: 2)
        for number in 4..<8 { harness.insert(Self.insertion(number)) }
        #expect(Self.keys(harness, 0..<8) == [0, 2, 6, 7])
    }

    @Test func whatIsDearStaysAndAgesAllTheSame() throws {
        let harness = try Self.harness(capacity: 3)
        harness.insert(Self.insertion(0, cost: 5_000))
        for number in 1..<20 { harness.insert(Self.insertion(number)) }
        #expect(Self.keys(harness, 0..<20) == [0, 18, 19])
        // After many half-lives what was dear once counts less than what is new.
        for _ in 0..<200 { harness.insert((0..<100).map { Self.insertion(20 + $0 % 2) }) }
        for number in 22..<25 { harness.insert(Self.insertion(number)) }
        #expect(!Self.keys(harness, 0..<1).contains(0))
    }

    @Test func hitsByVectorCountToo() throws {
        let harness = try Self.harness(capacity: 2)
        harness.insert(Self.insertion(0))
        harness.insert(Self.insertion(100))
        #expect(harness.lookup(Lookup(vector: [1, 0], threshold: 0.9)).hits.count == 1)
        #expect(harness.lookup(Lookup(vector: [1, 0], threshold: 0.9)).hits.count == 1)
        harness.insert(Self.insertion(200))
        #expect(Self.keys(harness, 0..<201) == [0, 200])
    }

    @Test func withRecencyTheLeastRecentlyAskedForGoes() throws {
        let harness = try Self.harness(.recency, capacity: 3)
        harness.insert(Self.insertion(0, cost: 1_000_000))
        for number in 1..<3 { harness.insert(Self.insertion(number)) }
        Self.ask(harness, 2, times: 9)
        Self.ask(harness, 1)
        harness.insert(Self.insertion(3))
        harness.insert(Self.insertion(4))
        #expect(Self.keys(harness, 0..<5) == [1, 3, 4])
    }

    @Test func aReplacedEntryIsAsFrequentAsBoth() throws {
        let harness = try Self.harness(capacity: 3)
        for number in 0..<3 { harness.insert(Self.insertion(number)) }
        Self.ask(harness, 0, times: 4)
        harness.insert(Self.insertion(0))
        for number in 3..<6 { harness.insert(Self.insertion(number)) }
        #expect(Self.keys(harness, 0..<6) == [0, 4, 5])
    }

    @Test func whatComesBackIsRemembered() throws {
        let harness = try Self.harness(capacity: 4)
        for number in 100..<102 { harness.insert(Self.insertion(number, cost: 1_000_000)) }
        for _ in 0..<4 { harness.insert(Self.insertion(0)) }
        harness.insert(Self.insertion(1))
        for number in 102..<104 { harness.insert(Self.insertion(number, cost: 1_000_000)) }
        #expect(Self.keys(harness, 0..<104) == [100, 101, 102, 103])
        #expect(harness.delete([EntryIdentifier(8), EntryIdentifier(9)]) == [true, true])
        // The one that comes back first would go first, had it not been asked for more often than the other.
        harness.insert(Self.insertion(0))
        harness.insert(Self.insertion(1))
        harness.insert(Self.insertion(2))
        #expect(Self.keys(harness, 0..<3) == [0, 2])
    }

    @Test func whatIsStaleGoesFirstThenWhatIsExpired() throws {
        let harness = try Self.harness(capacity: 30)
        let soon = harness.clock.now.advanced(byMilliseconds: 1_000)
        for number in 0..<10 {
            harness.insert(Self.insertion(number, cost: 1_000_000, dependencies: [Dependency("kb", .ordered(1))]))
        }
        for number in 10..<20 { harness.insert(Self.insertion(number, cost: 1_000_000, expiresAt: soon)) }
        for number in 20..<30 { harness.insert(Self.insertion(number, cost: 1)) }
        harness.clock.advance(milliseconds: 2_000)
        #expect(try harness.invalidate("kb", .version(2)).get().changed)
        harness.insert(Self.insertion(30, cost: 1))
        #expect(harness.counter("evictions") == 0)
        // All that is stale went at once, and what is expired with it, as the pass came by.
        #expect(harness.counter("reclaimed") == 20)
        for number in 31..<49 { harness.insert(Self.insertion(number, cost: 1)) }
        #expect(Self.keys(harness, 20..<49) == Array(20..<49))
    }

    @Test func whatIsExpiredGoesFirstHoweverMuchThereIs() throws {
        let harness = try Self.harness(capacity: 1_000)
        let soon = harness.clock.now.advanced(byMilliseconds: 1_000)
        for start in stride(from: 0, to: 1_000, by: 100) {
            harness.insert((start..<start + 100).map {
                Self.insertion($0, cost: $0 % 10 == 0 ? 1_000_000 : 1, expiresAt: $0 % 10 == 0 ? soon : nil)
            })
        }
        harness.clock.advance(milliseconds: 2_000)
        harness.insert((1_000..<1_100).map { Self.insertion($0, cost: 1) })
        #expect(harness.counter("evictions") == 100)
        #expect(harness.counter("evictionsExpired") == 100)
        #expect(harness.description()?.entryCount == 1_000)
        harness.insert(Self.insertion(1_100, cost: 1))
        #expect(harness.counter("evictionsExpired") == 100)
        // One, and up to a 64th of the capacity ahead.
        #expect((1...16).contains(harness.counter("evictionsValue")))
    }
}
