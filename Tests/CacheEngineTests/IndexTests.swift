import CacheEngine
import CacheModel
import CacheStorage
import Testing
import VectorSearch

/// The search index of a namespace, as lookups see it: never wrong, whatever happens beside it.
@Suite(.timeLimit(.minutes(10))) struct IndexTests {
    private static let content = ContentIdentifier(1)

    private static func world(rows: Int, seed: UInt64) throws -> IndexWorld {
        let world = try IndexWorld(EngineHarness(), seed: seed)
        try world.insert(rows)
        world.harness.engine.waitForBuilds()
        return world
    }

    private static func recordCount(_ harness: EngineHarness, _ table: Table) throws -> Int {
        var count = 0
        try harness.examine { count = try $0.beginRead().recordCount(table) }
        return count
    }

    @Test func lookupsThroughTheIndexFindWhatAFullScanFinds() throws {
        let world = try Self.world(rows: 5_500, seed: 1)
        let statistics = world.harness.engine.statistics()
        #expect(statistics.indexedRowCount == 5_500 && statistics.indexBytes > 0)
        let (indexed, hits) = try world.compare(150)
        #expect(indexed > 60 && hits > 50)
    }

    @Test func smallNamespacesAndSmallScopesAreSearchedWithoutAnIndex() throws {
        let world = try Self.world(rows: 1_000, seed: 2)
        #expect(world.harness.engine.statistics().indexedRowCount == 0)
        #expect(try world.compare(20).indexed == 0)
        try world.insert(4_000)
        world.harness.engine.waitForBuilds()
        let reply = world.harness.lookup(
            Lookup(scope: Scope(5), vector: world.query(), threshold: 0.9, isExplained: true))
        #expect(reply.explanation?.plan == .scopeList)
        #expect(reply.explanation?.counts.rowsCompared == reply.explanation?.counts.scopeRows)
    }

    @Test(arguments: Kernels.supported)
    func insertsAndDeletionsDuringABuildAreSeenByTheNextLookup(_ instructionSet: Kernels.InstructionSet) throws {
        let kernels = try #require(Kernels(instructionSet))
        let world = try IndexWorld(EngineHarness { $0.kernels = kernels }, seed: 3)
        try world.insert(4_200)
        var rounds = 0
        repeat {
            try world.insert(40)
            world.delete(25, oldest: rounds.isMultiple(of: 2))
            if rounds.isMultiple(of: 7) { world.bump("source-\(rounds % 8)") }
            try world.compare(4)
            rounds += 1
        } while rounds < 30 || world.harness.engine.statistics().indexedRowCount == 0
        try world.insert(1_000)
        world.harness.engine.waitForBuilds()
        #expect(world.harness.engine.statistics().indexedRowCount > 0)
        try world.compare(100)
    }

    @Test func theIndexIsBuiltAnewWhenTheRowsHaveOutgrownIt() throws {
        let world = try Self.world(rows: 4_200, seed: 4)
        #expect(world.harness.engine.counters.indexBuilds.current == 1)
        for _ in 0..<6 {
            try world.insert(800)
            try world.compare(5)
        }
        world.harness.engine.waitForBuilds()
        #expect(world.harness.engine.counters.indexBuilds.current >= 2)
        #expect(world.harness.engine.counters.failedIndexBuilds.current == 0)
        try world.compare(60)
        // What the old generation left is reclaimed; of the new one there is a record for each block.
        guard case .reclaimed = world.harness.write(.reclaim) else { return #expect(Bool(false)) }
        #expect(try Self.recordCount(world.harness, .partitions) == 1)
        #expect(try Self.recordCount(world.harness, .sketches) == Self.recordCount(world.harness, .blocks))
    }

    @Test func rowsThatCameSinceTheBuildArePutInOrderWithoutANewPartition() throws {
        let world = try IndexWorld(EngineHarness(), seed: 10)
        // Just below what asks for a new partition twice over.
        try world.insert(9_800)
        world.harness.engine.waitForBuilds()
        let builds = world.harness.engine.counters.indexBuilds.current
        for _ in 0..<4 {
            try world.insert(1_200)
            world.delete(50)
            try world.compare(10)
        }
        world.harness.engine.waitForBuilds()
        #expect(world.harness.engine.counters.indexBuilds.current == builds)
        #expect(world.harness.engine.counters.indexRepacks.current >= 1)
        #expect(world.harness.engine.counters.failedIndexBuilds.current == 0)
        try world.compare(60)
        try world.harness.reopen()
        #expect(world.harness.engine.statistics().indexedRowCount >= world.rows.count)
        try world.compare(30)
    }

    @Test func theIndexComesBackWithTheStore() throws {
        let world = try Self.world(rows: 4_500, seed: 5)
        try world.insert(300)
        world.delete(200)
        try world.harness.reopen()
        let statistics = world.harness.engine.statistics()
        // Of dead rows there are sketches as long as there are other rows in their blocks.
        #expect(statistics.indexedRowCount >= world.rows.count)
        #expect(statistics.indexBuildsPending == 0)
        #expect(try world.compare(60).indexed > 20)
        try world.insert(100)
        try world.compare(20)
    }

    @Test func aStaleBestMatchDoesNotHideAServableOneBehindIt() throws {
        let world = try Self.world(rows: 4_500, seed: 6)
        for source in 0..<7 {
            world.bump("source-\(source)")
            try world.compare(15)
        }
        // Nothing but stale rows is near.
        let reply = world.harness.lookup(
            Lookup(scope: IndexWorld.largeScope, vector: world.rows[0].vector.components, threshold: 0.99))
        world.bump("source-7")
        let stale = world.harness.lookup(
            Lookup(scope: IndexWorld.largeScope, vector: world.vector(), threshold: -1))
        #expect(!reply.hits.isEmpty || world.rows.isEmpty)
        #expect(stale.missReason == .stale)
    }

    @Test func aLookupBelowTheThresholdSaysSoAlsoWhenNoRowWasCompared() throws {
        let world = try Self.world(rows: 5_000, seed: 7)
        let axis = (0..<IndexWorld.dimension).map { $0 == 3 ? 1 : 0 as Float }
        let reply = world.harness.lookup(
            Lookup(scope: IndexWorld.largeScope, vector: axis, threshold: 0.99, isExplained: true))
        #expect(reply.explanation?.plan == .partition)
        #expect(reply.missReason == .belowThreshold)
    }

    @Test func aNamespaceDroppedWhileItsIndexIsBuiltLeavesNothing() throws {
        let world = try IndexWorld(EngineHarness(), seed: 8)
        try world.insert(4_300)
        _ = world.harness.write(.dropNamespace(EngineHarness.namespace))
        world.harness.engine.waitForBuilds()
        guard case .reclaimed = world.harness.write(.reclaim) else { return #expect(Bool(false)) }
        for table in [Table.entries, .blocks, .partitions, .sketches] {
            #expect(try Self.recordCount(world.harness, table) == 0, "\(table)")
        }
    }

    @Test func deletedBlocksTakeTheirSketchesWithThem() throws {
        let world = try Self.world(rows: 5_000, seed: 9)
        world.delete(4_000)
        guard case .reclaimed = world.harness.write(.reclaim) else { return #expect(Bool(false)) }
        try world.compare(20)
        world.delete(1_000)
        #expect(try Self.recordCount(world.harness, .blocks) <= 1)
        #expect(try Self.recordCount(world.harness, .sketches) <= 1)
    }
}
