import CacheEngine
import CacheModel
import CacheStorage
import Testing

@Suite struct ReclaimTests {
    @Test func expiredEntriesAreReclaimedAndOthersStay() throws {
        let harness = try EngineHarness()
        let now = harness.clock.now
        // More than two steps.
        let batch = (0..<1_200).map { number -> Insertion in
            let vector: [Float]? = number % 2 == 0 ? [1, Float(number)] : nil
            let expiresAt: Timestamp? = number % 3 == 0 ? nil : now.advanced(byMilliseconds: Int64(number))
            return Insertion(
                key: ExactKey(UInt128(number)), vector: vector, payload: [1], tags: ["t"], expiresAt: expiresAt)
        }
        #expect(harness.insert(batch).allSatisfy { $0.entry != nil })
        #expect(harness.reclaim() == 0)
        harness.clock.advance(milliseconds: 600)
        let expired = (0...600).count { $0 % 3 != 0 }
        #expect(harness.reclaim() == expired)
        #expect(harness.description()?.entryCount == 1_200 - expired)
        harness.clock.advance(milliseconds: 600)
        #expect(harness.reclaim() == 800 - expired)
        #expect(harness.reclaim() == 0)
        #expect(harness.description()?.entryCount == 400 && harness.description()?.rowCount == 200)
        #expect(harness.counter("reclaimed") == 800)
        let counts = try harness.recordCounts()
        #expect(counts[.entries] == 400 && counts[.payloads] == 400 && counts[.keys] == 400 && counts[.tags] == 400)
        #expect(harness.description()?.entryCount == 400 && harness.description()?.rowCount == 200)
    }

    @Test func staleEntriesAreReclaimedAndFencedOnesStay() throws {
        let harness = try EngineHarness()
        harness.insert([
            Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(1))]),
            Insertion(vector: [1, 1], payload: [2], dependencies: [Dependency("kb", .ordered(2))]),
            Insertion(vector: [0, 1], payload: [3], dependencies: [Dependency("faq", .ordered(1))], tags: ["t"]),
            Insertion(vector: [1, 2], payload: [4]),
        ])
        #expect(try harness.invalidate("kb", .version(2)).get().changed)
        #expect(harness.reclaim() == 1)
        #expect(harness.entries(through: 4).map(\.payload) == [[2], [3], [4]])
        // A restored backup does not know what has changed since: its entries wait for news.
        try harness.reopen { $0.isRestored = true }
        harness.configuration.isRestored = false
        #expect(harness.engine.statistics().isFenced)
        #expect(harness.lookup(Lookup(vector: [1, 1])).missReason == .fenced)
        #expect(harness.reclaim() == 0)
        #expect(harness.description()?.entryCount == 3)
        let incarnation = harness.engine.position.incarnation
        harness.invalidate("kb", .version(2), incarnation: incarnation)
        #expect(harness.lookup(Lookup(vector: [1, 1], threshold: 0.999)).hits.map(\.entry.payload) == [[2]])
    }

    @Test func purgedEntriesAreCountedGoneAtOnceAndReclaimed() throws {
        let harness = try EngineHarness()
        var batch: [Insertion] = []
        for number in 0..<60 {
            let tags = number % 2 == 0 ? ["even"] : []
            batch.append(
                Insertion(
                    scope: Scope(UInt128(number % 3)), key: ExactKey(UInt128(number)),
                    vector: number % 4 == 0 ? nil : [1, Float(number)], payload: [UInt8(number)], tags: tags))
        }
        harness.insert(batch)
        #expect(try harness.purge(.scope(Scope(1))).get().entryCount == 20)
        #expect(try harness.purge(.scope(Scope(1))).get().entryCount == 0)
        #expect(try harness.purge(.scope(Scope(99))).get().entryCount == 0)
        #expect(try harness.purge(.tag("odd")).get().entryCount == 0)
        #expect(harness.lookup(Lookup(scope: Scope(1), key: ExactKey(1))).missReason == .stale)
        #expect(harness.lookup(Lookup(scope: Scope(1), vector: [1, 1])).missReason == .stale)
        #expect(!harness.lookup(Lookup(scope: Scope(2), vector: [1, 2])).hits.isEmpty)
        _ = try harness.purge(.tag("even")).get()
        let gone = (0..<60).filter { $0 % 3 == 1 || $0 % 2 == 0 }.count
        #expect(harness.reclaim() == gone)
        #expect(harness.description()?.entryCount == 60 - gone)
        #expect(
            harness.entries(through: 60).map { Int($0.identifier.number - 1) }
                == (0..<60).filter { $0 % 3 != 1 && $0 % 2 == 1 })
    }

    /// One step writes a bounded amount: what waits for the writer thread waits for one step at most.
    @Test func reclaimingGoesInStepsBetweenWhichInvalidationsGoAhead() throws {
        let steps = StepCounter()
        let harness = try EngineHarness { configuration in
            configuration.storage.commitFault = { purpose in
                if case .entries = purpose { steps.add() }
                return 0
            }
        }
        let now = harness.clock.now.advanced(byMilliseconds: 1)
        harness.insert((0..<2_000).map { Insertion(key: ExactKey(UInt128($0)), payload: [], expiresAt: now) })
        harness.clock.advance(milliseconds: 1)
        let before = steps.count
        #expect(harness.reclaim() == 2_000)
        #expect(steps.count - before == (2_000 + Limits.reclaimStepEntries - 1) / Limits.reclaimStepEntries)
    }

    @Test func sparseBlocksAreCompactedAndEveryEntryIsFoundAsBefore() throws {
        let harness = try EngineHarness()
        var contents = StoreContents(seed: 3)
        // 384 floats: 42 rows in a block.
        let vectors = (0..<42 * 40).map { _ in contents.vector(384) }
        for start in stride(from: 0, to: vectors.count, by: 240) {
            harness.insert(
                (start..<start + 240).map { index -> Insertion in
                    Insertion(scope: Scope(UInt128(index % 2)), vector: vectors[index], payload: [UInt8(index % 256)])
                })
        }
        let kept = vectors.indices.filter { $0 % 9 == 0 }
        // A little off the stored vector, so that the similarity is a number of its own.
        let queries = kept.map { index -> [Float] in
            var query = vectors[index]
            query[index % 384] += 0.5
            return query
        }
        func similarities() throws -> [Float] {
            try zip(kept, queries).map { index, query in
                let hit = try #require(
                    harness.lookup(Lookup(scope: Scope(UInt128(index % 2)), vector: query, threshold: 0.9)).hits.first)
                #expect(hit.entry.identifier.number == UInt64(index + 1) && hit.entry.payload == [UInt8(index % 256)])
                return hit.similarity
            }
        }
        let gone = vectors.indices.filter { $0 % 9 != 0 }
        for start in stride(from: 0, to: gone.count, by: 256) {
            let identifiers = gone[start..<min(start + 256, gone.count)].map { EntryIdentifier(UInt64($0 + 1)) }
            #expect(harness.delete(identifiers).allSatisfy { $0 })
        }
        let before = try similarities()
        harness.reclaim()
        #expect(try similarities() == before)
        // 187 rows fit into 5 blocks; one more is open.
        #expect(try #require(try harness.recordCounts()[.blocks]) <= 6)
        #expect(try similarities() == before)
        #expect(harness.description()?.rowCount == kept.count && harness.description()?.entryCount == kept.count)
        for index in gone.prefix(20) { #expect(harness.get(EntryIdentifier(UInt64(index + 1))).code == .entryNotFound) }
    }

    /// Rows that die before their block is full must not leave the block behind.
    @Test func insertingAndDeletingForLongDoesNotMakeTheStoreGrow() throws {
        let harness = try EngineHarness { $0.storage.durability = .relaxed }
        var contents = StoreContents(seed: 4)
        var used: [Int] = []
        for round in 0..<160 {
            let batch = (0..<6).map { _ in
                Insertion(vector: contents.vector(1_024), payload: contents.bytes(5_000), tags: ["t"])
            }
            let entries = harness.insert(batch).compactMap(\.entry)
            #expect(entries.count == 6)
            #expect(harness.delete(entries) == [Bool](repeating: true, count: 6))
            if round % 40 == 39 { used.append(harness.engine.statistics().usedBytes) }
        }
        let settled = try #require(used.first)
        #expect(used.allSatisfy { $0 <= settled + 256 << 10 }, "used \(used)")
        #expect(try #require(try harness.recordCounts()[.blocks]) <= 1)
    }

    @Test func veryManyVerySmallScopesAreHeldAndReclaimed() throws {
        let harness = try EngineHarness { $0.storage.durability = .relaxed }
        let now = harness.clock.now
        let scopes = 6_000
        var number = 0
        for start in stride(from: 0, to: scopes, by: 500) {
            var batch: [Insertion] = []
            for scope in start..<start + 500 {
                for copy in 0...scope % 3 {
                    batch.append(
                        Insertion(
                            scope: Scope(UInt128(scope)), vector: [Float(scope + 1), Float(copy), 1, 2],
                            payload: [UInt8(copy)],
                            expiresAt: scope % 2 == 0 ? now.advanced(byMilliseconds: 1) : nil))
                }
            }
            number += batch.count
            for first in stride(from: 0, to: batch.count, by: 256) {
                harness.insert(Array(batch[first..<min(first + 256, batch.count)]))
            }
        }
        func expectHeld() throws {
            for scope in stride(from: 1, to: scopes, by: 397) {
                let reply = harness.lookup(
                    Lookup(
                        scope: Scope(UInt128(scope)), vector: [Float(scope + 1), 0, 1, 2], threshold: -1, neighbors: 9))
                let isGone = scope % 2 == 0 && harness.clock.now > now
                #expect(reply.hits.count == (isGone ? 0 : scope % 3 + 1))
                #expect(reply.hits.allSatisfy { $0.entry.scope == Scope(UInt128(scope)) })
            }
        }
        #expect(harness.description()?.scopeCount == scopes && harness.description()?.rowCount == number)
        try expectHeld()
        harness.clock.advance(milliseconds: 1)
        harness.reclaim()
        #expect(harness.description()?.scopeCount == scopes / 2)
        try expectHeld()
        try harness.reopen()
        #expect(harness.description()?.scopeCount == scopes / 2)
        try expectHeld()
    }
}
