import CacheEngine
import CacheModel
import CacheStorage
import Synchronization
import Testing

/// Damage to what is stored of a search index costs time and never an answer: everything follows from the rows.
@Suite(.timeLimit(.minutes(10))) struct IndexDamageTests {
    private static let content = ContentIdentifier(1)

    private static func world(seed: UInt64) throws -> IndexWorld {
        let world = try IndexWorld(EngineHarness(), seed: seed)
        try world.insert(4_500)
        world.harness.engine.waitForBuilds()
        return world
    }

    /// Changes records of a table while the store is closed; nil removes one.
    private static func change(
        _ world: IndexWorld, _ table: Table, _ body: (_ index: Int, _ value: [UInt8]) -> [UInt8]?
    ) throws {
        try world.harness.examine { environment in
            let writer = try environment.beginWrite()
            var records: [([UInt8], [UInt8])] = []
            try writer.forEach(table) { (key, value) throws(CacheError) -> Bool in
                records.append((Array(key), Array(value)))
                return true
            }
            for (index, (key, value)) in records.enumerated() {
                if let changed = body(index, value) {
                    try writer.put(table, key, changed)
                } else {
                    try writer.delete(table, key)
                }
            }
            try writer.commit(.entries)
        }
    }

    @Test func damagedAndMissingSketchesAreMadeAnewFromTheRows() throws {
        let world = try Self.world(seed: 21)
        try Self.change(world, .sketches) { index, value in
            switch index % 5 {
            case 0: return nil
            case 1:
                var value = value
                value[value.count / 2] ^= 0x10
                return value
            case 2: return [1, 2, 3]
            default: return value
            }
        }
        let statistics = world.harness.engine.statistics()
        #expect(statistics.indexedRowCount == world.rows.count)
        try world.compare(80)
    }

    /// What `semblance check` does.
    @Test(arguments: [Table.sketches, .partitions])
    func aStrictStartNamesDamageToAnIndex(_ table: Table) throws {
        let world = try Self.world(seed: 26)
        try world.harness.reopen { $0.isStrict = true }
        try world.harness.reopen { $0.isStrict = false }
        #expect {
            try world.harness.examine { environment in
                let writer = try environment.beginWrite()
                var found: (key: [UInt8], value: [UInt8])?
                try writer.forEach(table) { (key, value) throws(CacheError) -> Bool in
                    found = (Array(key), Array(value))
                    return false
                }
                let (key, original) = try #require(found)
                var value = original
                value[value.count / 2] ^= 1
                try writer.put(table, key, value)
                try writer.commit(.entries)
                world.harness.configuration.isStrict = true
            }
        } throws: { ($0 as? CacheError)?.code == .storeDamaged }
        try world.harness.reopen { $0.isStrict = false }
        try world.compare(20)
    }

    @Test func sketchRecordsUnderOtherBlocksKeysAreNotBelieved() throws {
        let world = try Self.world(seed: 22)
        var last: [UInt8]?
        // Each block gets the sketches of the one before: believed, they would rule out nearly every match.
        try Self.change(world, .sketches) { _, value in
            defer { last = value }
            return last ?? value
        }
        #expect(world.harness.engine.statistics().indexedRowCount == world.rows.count)
        try world.compare(80)
    }

    @Test func aDamagedPartitionIsNoneAndTheIndexIsBuiltAnew() throws {
        let world = try Self.world(seed: 23)
        try Self.change(world, .partitions) { _, value in
            var value = value
            value[100] ^= 1
            return value
        }
        world.harness.engine.waitForBuilds()
        #expect(world.harness.engine.counters.indexBuilds.current == 1)
        #expect(world.harness.engine.statistics().indexedRowCount == world.rows.count)
        try world.compare(60)
        // The generation that was given up is gone, and its number with it.
        guard case .reclaimed = world.harness.write(.reclaim) else { return #expect(Bool(false)) }
        try world.harness.examine { environment in
            let reader = try environment.beginRead()
            #expect(try reader.recordCount(.partitions) == 1)
            #expect(try reader.recordCount(.sketches) == reader.recordCount(.blocks))
            #expect(try reader.value(.partitions, StorageKey.partition(Self.content, 1)) == nil)
        }
        try world.compare(20)
    }

    /// As a process leaves it that ends in the middle of a build.
    @Test func anUnfinishedGenerationIsReclaimedAfterTheNextStart() throws {
        let world = try Self.world(seed: 24)
        try world.harness.examine { environment in
            let writer = try environment.beginWrite()
            for block: UInt32 in 0..<700 {
                try writer.put(.sketches, StorageKey.sketches(Self.content, 7, block), [UInt8](repeating: 3, count: 90))
            }
            try writer.commit(.entries)
        }
        #expect(world.harness.engine.statistics().indexedRowCount == world.rows.count)
        // The next generation does not take a number that was in use.
        try world.insert(6_000)
        world.harness.engine.waitForBuilds()
        guard case .reclaimed = world.harness.write(.reclaim) else { return #expect(Bool(false)) }
        try world.harness.examine { environment in
            let reader = try environment.beginRead()
            #expect(try reader.value(.partitions, StorageKey.partition(Self.content, 8)) != nil)
            #expect(try reader.recordCount(.partitions) == 1)
            #expect(try reader.recordCount(.sketches) == reader.recordCount(.blocks))
        }
        try world.compare(30)
    }

    @Test func aFailedCommitDuringABuildAbandonsItAndTheNextOneSucceeds() throws {
        let faults = CommitFaults()
        let harness = try EngineHarness { configuration in
            configuration.storage.commitFault = { _ in faults.next() }
        }
        let world = try IndexWorld(harness, seed: 25)
        try world.insert(4_300)
        for _ in 0..<40 where harness.engine.statistics().indexedRowCount == 0 {
            faults.failNext()
            // Some of these meet the build's own commits, some meet this insert.
            try world.insert(1, mayFail: true)
            try world.compare(1)
        }
        faults.stop()
        // A build that failed is tried again when there are half as many rows again: of 4,340 at most.
        try world.insert(2_400)
        harness.engine.waitForBuilds()
        if harness.engine.statistics().indexedRowCount == 0 {
            // One that was slower than these inserts has failed only now: of 6,740 at most.
            try world.insert(3_500)
            harness.engine.waitForBuilds()
        }
        #expect(harness.engine.statistics().indexedRowCount >= world.rows.count)
        try world.compare(60)
    }
}

/// Lets single commits fail, as a full or broken disk does.
private final class CommitFaults: Sendable {
    private let waiting = Mutex(false)

    func failNext() { waiting.withLock { $0 = true } }
    func stop() { waiting.withLock { $0 = false } }

    func next() -> CInt {
        waiting.withLock { waiting in
            defer { waiting = false }
            return waiting ? 5 : 0
        }
    }
}
