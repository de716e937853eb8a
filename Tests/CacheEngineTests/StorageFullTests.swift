import CacheEngine
import CacheModel
import CacheStorage
import Synchronization
import Testing

/// A store that has reached the size of its map.
@Suite struct StorageFullTests {
    private static func harness(mapBytes: Int = 6 << 20) throws -> EngineHarness {
        try EngineHarness { configuration in
            configuration.storage.mapBytes = mapBytes
            configuration.storage.durability = .relaxed
        }
    }

    private static func insertion(_ number: Int, bytes: Int = 20_000) -> Insertion {
        Insertion(
            key: ExactKey(UInt128(number)), vector: [1, Float(number)],
            payload: [UInt8](repeating: UInt8(number % 256), count: bytes),
            dependencies: [Dependency("kb/\(number % 3)", .ordered(5))])
    }

    /// - Returns: how many entries were stored before the store was full.
    private static func fill(_ harness: EngineHarness) -> Int {
        for number in 0..<2_000 {
            let outcome = harness.insert(insertion(number))
            if outcome.entry == nil {
                #expect(outcome.code == .storageFull)
                return number
            }
        }
        Issue.record("the store was never full")
        return 0
    }

    @Test func lookupsAndInvalidationsGoOnInAFullStore() throws {
        let harness = try Self.harness()
        let count = Self.fill(harness)
        #expect(count > 100)
        for number in stride(from: 0, to: count, by: 7) {
            #expect(harness.lookup(Lookup(key: ExactKey(UInt128(number)))).hits.first?.entry.payload?.count == 20_000)
        }
        // Far more news than the reserve has pages.
        for round in 0..<600 {
            let receipt = harness.invalidate("source-\(round % 150)", .version(UInt64(round)))
            #expect(receipt.code == nil, "invalidation \(round)")
        }
        #expect(try harness.invalidate("kb/0", .version(6)).get().changed)
        #expect(harness.lookup(Lookup(key: ExactKey(0))).missReason == .stale)
        // Pages that older commits gave back may take a few more entries, and no more than that.
        let more = (0..<10).count { harness.insert(Self.insertion(9_001 + 3 * $0)).entry != nil }
        #expect(more < 10)
        #expect(try harness.purge(.scope(.shared)).get().entryCount == count + more)
        try harness.reopen()
        #expect(
            harness.engine.lease(namespace: EngineHarness.namespace, sources: ["source-149"]).sources[0].version
                == .ordered(599))
        // What was purged is reclaimed, and there is room again.
        #expect(harness.reclaim() == count + more)
        var insertion = Self.insertion(9_000)
        insertion.lease = harness.lease()
        insertion.dependencies = []
        #expect(harness.insert(insertion).entry != nil)
    }

    @Test func deletingMakesRoomAgain() throws {
        let harness = try Self.harness()
        let count = Self.fill(harness)
        for round in 0..<3 {
            let gone = (0..<20).map { EntryIdentifier(UInt64(round * 20 + $0 + 1)) }
            #expect(harness.delete(gone) == [Bool](repeating: true, count: 20))
            var stored = 0
            for number in 0..<25 where harness.insert(Self.insertion(10_000 + round * 100 + number)).entry != nil {
                stored += 1
            }
            #expect((15...24).contains(stored), "round \(round): \(stored) of 20")
        }
        #expect(harness.lookup(Lookup(key: ExactKey(UInt128(count - 1)))).hits.count == 1)
    }

    @Test func aWholeBatchOfDeletionsFitsIntoAFullStore() throws {
        let harness = try Self.harness(mapBytes: 6 << 20)
        let batches = (0..<200).map { batch in (0..<64).map { Self.insertion(batch * 64 + $0, bytes: 100) } }
        var count = 0
        for batch in batches {
            let stored = harness.insert(batch).count { $0.entry != nil }
            count += stored
            if stored < 64 { break }
        }
        #expect((4_000..<12_800).contains(count))
        // Spread over all pages of every table.
        let step = count / Limits.batchCount
        let gone = (0..<Limits.batchCount).map { EntryIdentifier(UInt64($0 * step + 1)) }
        #expect(harness.delete(gone).count { $0 } == Limits.batchCount)
        #expect(harness.description()?.entryCount == count - Limits.batchCount)
        // Reclaiming is what makes room, so it must find room itself.
        #expect(try harness.purge(.scope(.shared)).get().entryCount == count - Limits.batchCount)
        #expect(harness.reclaim() == count - Limits.batchCount)
        #expect(try harness.recordCounts().values.allSatisfy { $0 <= 1 })
    }

    /// What fits is stored, wherever in the batch it stands.
    @Test func onlyTheRowsThatDoNotFitAreRefused() throws {
        let harness = try Self.harness(mapBytes: 8 << 20)
        let sizes = (0..<24).map { $0 % 5 == 2 ? 8 << 20 : 30_000 }
        let outcomes = harness.insert(sizes.enumerated().map { Self.insertion($0.offset, bytes: $0.element) })
        for (size, outcome) in zip(sizes, outcomes) { #expect(outcome.code == (size > 1 << 20 ? .storageFull : nil)) }
        let stored = outcomes.compactMap(\.entry)
        #expect(Set(stored).count == stored.count && stored.count == sizes.count { $0 == 30_000 })
        try harness.reopen()
        for (index, outcome) in outcomes.enumerated() {
            let hits = harness.lookup(Lookup(key: ExactKey(UInt128(index)))).hits
            #expect(hits.map(\.entry.identifier) == (outcome.entry.map { [$0] } ?? []))
        }
    }

    @Test func aFullStoreOpensAgain() throws {
        let harness = try Self.harness()
        let count = Self.fill(harness)
        try harness.reopen()
        #expect(harness.description()?.entryCount == count && harness.engine.opening.quarantinedTo == nil)
        try harness.reopen { $0.isRestored = true }
        #expect(harness.description()?.entryCount == count && harness.engine.opening.isFenced)
    }
}

/// Commits that the disk refuses.
@Suite struct StorageFaultTests {
    /// Fails the commits that a test wants to fail.
    private final class Faults: Sendable {
        private let code = Mutex<CInt>(0)
        private let purpose: CommitPurpose
        private let seen = Mutex<Int>(0)

        init(_ purpose: CommitPurpose) { self.purpose = purpose }

        func set(_ code: CInt) { self.code.withLock { $0 = code } }
        var count: Int { seen.withLock { $0 } }

        func outcome(_ purpose: CommitPurpose) -> CInt {
            guard purpose == self.purpose else { return 0 }
            let code = code.withLock { $0 }
            if code != 0 { seen.withLock { $0 += 1 } }
            return code
        }
    }

    private static func harness(_ faults: Faults) throws -> EngineHarness {
        try EngineHarness { $0.storage.commitFault = { faults.outcome($0) } }
    }

    private static func insertion(_ number: Int) -> Insertion {
        Insertion(key: ExactKey(UInt128(number)), vector: [1, Float(number)], payload: [UInt8(number)])
    }

    @Test(arguments: [(5, .storageFailed), (28, .storageFull)] as [(CInt, CacheError.Code)])
    func aRefusedCommitStoresNothingAndTheNextOneWorks(fault: CInt, code: CacheError.Code) throws {
        let faults = Faults(.entries)
        let harness = try Self.harness(faults)
        harness.insert((0..<3).map(Self.insertion))
        let position = harness.engine.position
        for round in 0..<3 {
            faults.set(fault)
            let outcomes = harness.insert((3..<11).map(Self.insertion))
            #expect(outcomes.map(\.code) == [CacheError.Code?](repeating: code, count: 8))
            #expect(harness.insert(Self.insertion(0), into: "new\(round)").code == code)
            #expect(harness.create("made", NamespaceSettings()).code == code)
            if case .failed(let error) = harness.write(
                .delete(namespace: EngineHarness.namespace, entries: [EntryIdentifier(1)], scope: nil))
            {
                #expect(error.code == code)
            } else {
                Issue.record("a deletion that was not committed was acknowledged")
            }
            // Old data is still served, and nothing of what was refused.
            #expect(harness.lookup(Lookup(key: ExactKey(0))).hits.map(\.entry.payload) == [[0]])
            #expect(harness.lookup(Lookup(vector: [1, 2])).hits.first?.entry.payload == [2])
            #expect(harness.lookup(Lookup(key: ExactKey(3))).missReason == .nothingStored)
            faults.set(0)
            #expect(harness.insert(Self.insertion(20 + round)).entry != nil)
            #expect(harness.lookup(Lookup(key: ExactKey(UInt128(20 + round)))).hits.count == 1)
            #expect(harness.engine.namespaces().map(\.name) == [EngineHarness.namespace])
            #expect(harness.description()?.entryCount == 4 + round)
        }
        #expect(harness.engine.position == position)
        try harness.reopen()
        #expect(harness.description()?.entryCount == 6)
    }

    @Test func lookupsGoOnWhileTheStoreIsOpenedAnew() throws {
        let faults = Faults(.entries)
        let harness = try Self.harness(faults)
        harness.insert((0..<3).map(Self.insertion))
        let engine = harness.engine
        let tally = Tally()
        let reader = WorkerThread {
            for _ in 0..<200_000 {
                if case .lookup(let replies)? = engine.answerInline(
                    .lookup(namespace: EngineHarness.namespace, [Lookup(key: ExactKey(1))]), limit: .brief)
                {
                    tally.add(replies[0].missReason)
                }
                if tally.isStopped { return }
            }
        }
        for number in 3..<40 {
            faults.set(5)
            #expect(harness.insert(Self.insertion(number)).code == .storageFailed)
            faults.set(0)
            #expect(harness.insert(Self.insertion(number)).entry != nil)
        }
        tally.stop()
        reader.join()
        #expect(faults.count == 37)
        // While the file is closed nothing can be vouched for; nothing else may come back.
        #expect(tally.counts.keys.allSatisfy { $0 == nil || $0 == .fenced })
        #expect(tally.counts[nil] ?? 0 > 0)
    }

    private final class Tally: Sendable {
        private let state = Mutex<(counts: [Miss.Reason?: Int], isStopped: Bool)>(([:], false))
        var counts: [Miss.Reason?: Int] { state.withLock { $0.counts } }
        var isStopped: Bool { state.withLock { $0.isStopped } }
        func add(_ reason: Miss.Reason?) { state.withLock { $0.counts[reason, default: 0] += 1 } }
        func stop() { state.withLock { $0.isStopped = true } }
    }

    /// News that cannot be written is believed all the same, and acknowledged only once it is on the disk.
    @Test(arguments: [5, 28] as [CInt])
    func newsThatTheDiskRefusesIsBelievedButNotAcknowledged(fault: CInt) throws {
        let faults = Faults(.invalidation)
        let harness = try Self.harness(faults)
        harness.insert(Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(1))]))
        let before = harness.engine.position
        faults.set(fault)
        #expect(harness.invalidate("kb", .version(2)).code != nil)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .stale)
        #expect(harness.engine.position == before)
        // Entries are stored meanwhile, and checked against what is believed.
        #expect(harness.insert(Self.insertion(1)).entry != nil)
        #expect(harness.lookup(Lookup(vector: [1, 0], threshold: 0.9999)).missReason == .stale)
        faults.set(0)
        let receipt = try harness.invalidate("kb", .version(2)).get()
        #expect(!receipt.changed && receipt.position.sequence > before.sequence)
        try harness.reopen()
        #expect(harness.lookup(Lookup(vector: [1, 0], threshold: 0.9999)).missReason == .stale)
    }
}
