import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Testing

/// Evicted entries are gone for everybody, although their records remain until the block of their rows is given up.
@Suite struct EvictedRemainsTests {
    /// 42 rows of 384 dimensions lie in a block.
    private static func insertion(_ number: Int, bytes: Int = 100, cost: UInt64? = nil) -> Insertion {
        var random = HistoryRandom(seed: UInt64(number))
        return Insertion(
            key: ExactKey(UInt128(number)), vector: (0..<384).map { _ in Float.random(in: -1...1, using: &random) },
            payload: [UInt8](repeating: UInt8(number % 256), count: bytes), tags: ["t"],
            costSavedNanodollars: cost ?? UInt64(number * 7_919 % 1_009 + 1))
    }

    private static func keys(_ harness: EngineHarness, _ numbers: Range<Int>) -> Set<Int> {
        Set(numbers.filter { !harness.lookup(Lookup(key: ExactKey(UInt128($0)), omitsPayload: true)).hits.isEmpty })
    }

    /// Ten entries, of which the first has been evicted and its block is far from sparse.
    private static func harness(bytes: Int = 100) throws -> EngineHarness {
        let harness = try EngineHarness { $0.eviction.entryLimit = 10 }
        for number in 0..<10 { harness.insert(insertion(number, bytes: bytes, cost: number == 0 ? 1 : 1_000)) }
        harness.insert(insertion(10, cost: 1_000))
        #expect(harness.counter("evictions") == 1)
        return harness
    }

    @Test(arguments: [100, 5_000])
    func noWayLeadsToAnEvictedEntry(bytes: Int) throws {
        let harness = try Self.harness(bytes: bytes)
        for _ in 0..<2 {
            #expect(try harness.recordCounts()[.entries] == 11)
            #expect(try harness.recordCounts()[.payloads] == (bytes > 2_000 ? 10 : 11))
            #expect(Self.keys(harness, 0..<11) == Set(1..<11))
            #expect(harness.lookup(Lookup(vector: Self.insertion(0).vector, threshold: 0.99)).hits.isEmpty)
            #expect(harness.entries(through: 11).map(\.identifier.number) == Array(2...11))
            #expect(harness.delete([EntryIdentifier(1)]) == [false])
            #expect(harness.description()?.entryCount == 10)
            // Also after a start.
            try harness.reopen { $0.eviction.entryLimit = 10 }
            #expect(harness.engine.opening.damagedEntryCount == 0)
        }
    }

    @Test func aScanPassesOverIt() throws {
        let harness = try Self.harness()
        for includesUnservable in [false, true] {
            for limit in [3, 256] {
                let whole = try harness.scanned(Scan(limit: limit, includesUnservable: includesUnservable))
                #expect(whole.entries.map(\.entry.identifier.number) == Array(2...11))
                #expect(whole.passedOver.count == 0)
            }
        }
        // What is left out takes none of the room of a page.
        #expect(try harness.page(Scan(limit: 1)).entries.map(\.entry.identifier.number) == [2])
    }

    @Test func aPurgeByTagDoesNotCountIt() throws {
        let harness = try Self.harness()
        guard case .purged(let purged) = harness.write(.purge(namespace: EngineHarness.namespace, .tag("t"))) else {
            return #expect(Bool(false))
        }
        #expect(purged.entryCount == 10)
    }

    @Test func whatComesBackUnderItsKeyReplacesNothing() throws {
        let harness = try Self.harness()
        guard case .stored(_, let replaced)? = harness.insert([Self.insertion(0, cost: 2_000)]).first else {
            return #expect(Bool(false))
        }
        #expect(replaced == nil)
        #expect(Self.keys(harness, 0..<1) == [0])
        // The key is the new entry's, also when the old one's remains go.
        #expect(harness.delete((2...11).map { EntryIdentifier($0) }).count { $0 } == 9)
        #expect(Self.keys(harness, 0..<11) == [0])
    }

    /// Whatever is inserted, evicted, deleted and opened anew, nothing is left of what is gone.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func everythingGoesInTheEnd(_ seed: UInt64) throws {
        let configure: (inout EngineConfiguration) -> Void = { configuration in
            configuration.eviction.entryLimit = 150
            configuration.storage.durability = .relaxed
        }
        let harness = try EngineHarness(configure: configure)
        var random = HistoryRandom(seed: seed)
        var next = 0
        for round in 0..<40 {
            let count = Int.random(in: 1...40, using: &random)
            let outcomes = harness.insert(
                (next..<next + count).map {
                    Self.insertion($0, bytes: random.chance(0.2) ? .random(in: 2_000...9_000, using: &random) : 300)
                })
            next += count
            #expect(outcomes.allSatisfy { $0.entry != nil })
            if random.chance(0.3) {
                harness.delete((0..<5).map { _ in EntryIdentifier(.random(in: 1...UInt64(next), using: &random)) })
            }
            if round % 7 == 6 {
                let before = Self.keys(harness, 0..<next)
                try harness.reopen(configure: configure)
                #expect(harness.engine.opening.damagedEntryCount == 0)
                #expect(Self.keys(harness, 0..<next) == before)
            }
            #expect(Self.keys(harness, 0..<next).count == harness.description()?.entryCount)
            #expect(harness.description()?.entryCount ?? 0 <= 150)
        }
        try harness.examine { environment in try StoreWalk(environment: environment).run() }
        let last = UInt64(next)
        for start in stride(from: 1, through: last, by: 200) {
            harness.delete((start..<min(start + 200, last + 1)).map { EntryIdentifier($0) })
        }
        // The open block is given up when the next one begins.
        harness.insert((next..<next + 43).map { Self.insertion($0) })
        harness.delete((last + 1...last + 43).map { EntryIdentifier($0) })
        let counts = try harness.recordCounts()
        #expect(harness.description()?.entryCount == 0)
        #expect(counts[.blocks] ?? 0 <= 1)
        for table in [Table.entries, .payloads, .keys, .tags] { #expect(counts[table] == 0, "\(table)") }
    }
}
