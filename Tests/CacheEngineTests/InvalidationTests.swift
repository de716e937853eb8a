import CacheEngine
import CacheModel
import CacheStorage
import Dispatch
import Synchronization
import Testing

/// News, purges, drops and folds that a test of their own shows better than a history does.
@Suite struct InvalidationTests {
    private func purge(_ purge: Purge, _ harness: EngineHarness) -> Int? {
        guard case .purged(let receipt) = harness.write(.purge(namespace: EngineHarness.namespace, purge)) else {
            return nil
        }
        return receipt.entryCount
    }

    @Test func aDropIsOnTheDiskAndALateInsertNeedsALeaseFromAfterIt() throws {
        let harness = try EngineHarness()
        let late = Insertion(
            vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(9))], lease: harness.lease())
        #expect(harness.insert(late).entry != nil)
        guard case .dropped(let receipt) = harness.write(.dropNamespace(EngineHarness.namespace)) else {
            Issue.record("the namespace was not dropped")
            return
        }
        #expect(receipt.entryCount == 1)
        for isReopened in [false, true] {
            if isReopened { try harness.reopen() }
            #expect(harness.engine.namespaces().isEmpty)
            #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .nothingStored)
            #expect(harness.insert(late).code == .leaseRequired)
        }
        #expect(harness.insert(Insertion(vector: [1, 0, 0], payload: [2])).entry != nil)
    }

    /// Holds the writer thread in its next commit until it is let go.
    private final class Gate: Sendable {
        private let isClosed = Atomic<Bool>(false)
        private let arrived = DispatchSemaphore(value: 0)
        private let released = DispatchSemaphore(value: 0)

        func close() { isClosed.store(true, ordering: .sequentiallyConsistent) }
        func waitForArrival() { arrived.wait() }
        func release() { released.signal() }

        func pass() -> CInt {
            guard isClosed.exchange(false, ordering: .sequentiallyConsistent) else { return 0 }
            arrived.signal()
            released.wait()
            return 0
        }
    }

    @Test func newsOfANamespaceThatARefusedRequestNamedFirstSurvivesARestart() throws {
        let gate = Gate()
        let harness = try EngineHarness { $0.storage.commitFault = { _ in gate.pass() } }
        gate.close()
        // While the writer is held, the next two requests gather, and one commit takes both.
        let first = InvalidationCalls.submit(
            .invalidate(namespace: "a", [Invalidation(source: "kb", change: .bump)]), harness.engine)
        gate.waitForArrival()
        let refused = InvalidationCalls.submit(
            .invalidate(namespace: "ghost", [Invalidation(source: "", change: .bump)]), harness.engine)
        let good = InvalidationCalls.submit(
            .invalidate(namespace: "b", [Invalidation(source: "kb", change: .bump)]), harness.engine)
        gate.release()
        for wait in [first, refused, good] { _ = wait() }
        #expect(try harness.invalidate("kb", .version(42), in: "ghost").get().changed)
        try harness.reopen()
        let late = Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))])
        #expect(harness.insert(late, into: "ghost").code == .staleDependency)
    }

    @Test func aPurgeCountsWhatItTakesAndNotWhatWasGoneBefore() throws {
        let harness = try EngineHarness { $0.watermarkLimit = 2 }
        for number in 1...3 as ClosedRange<UInt8> {
            harness.insert(
                Insertion(
                    key: ExactKey(UInt128(number)), vector: number == 3 ? nil : [1, 0], payload: [number], tags: ["red"]
                ))
        }
        #expect(purge(.tag("red"), harness) == 3)
        #expect(purge(.tag("red"), harness) == 0)
        #expect(purge(.scope(.shared), harness) == 3)
        #expect(purge(.scope(.shared), harness) == 0)
        // Folded away, the purges live on as floors.
        for source in ["a", "b", "c", "d"] { harness.invalidate(source, .bump) }
        #expect(purge(.tag("red"), harness) == 0)
        #expect(purge(.scope(.shared), harness) == 0)
        let lease = harness.lease()
        #expect(harness.insert(Insertion(vector: [1, 0], payload: [4], tags: ["red"], lease: lease)).entry != nil)
        #expect(purge(.tag("red"), harness) == 1)
    }

    @Test func whatRestsOnAFoldedSourceNeedsALeaseFromAfterTheFold() throws {
        let harness = try EngineHarness { $0.watermarkLimit = 2 }
        let late = Insertion(
            vector: [1, 0], payload: [1], dependencies: [Dependency("a", .ordered(9))], lease: harness.lease())
        harness.invalidate("a", .version(9))
        #expect(harness.insert(late).entry != nil)
        for source in ["b", "c"] { harness.invalidate(source, .bump) }
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .stale)
        #expect(harness.insert(late).code == .leaseRequired)
        var fresh = late
        fresh.lease = harness.lease()
        #expect(harness.insert(fresh).entry != nil)
    }

    @Test func aLabelIsSetAgainstAPositionOfTheSameIncarnationOnly() throws {
        let harness = try EngineHarness()
        let position = try harness.invalidate("git", .label("a")).get().position
        let foreign = Position(incarnation: position.incarnation ^ 1, sequence: position.sequence)
        #expect(harness.invalidate("git", .label("b", replacing: .position(foreign))).code == .labelConflict)
        #expect(harness.invalidate("git", .label("b", replacing: .label("z"))).code == .labelConflict)
        #expect(try harness.invalidate("git", .label("b", replacing: .position(position))).get().changed)
        // A late retry never revives an old label.
        #expect(harness.invalidate("git", .label("a")).code == .labelConflict)
        #expect(try harness.invalidate("git", .label("c", replacing: .label("b"))).get().changed)
    }

    @Test func aLookupThatDemandsAPositionIsFencedUntilTheStoreReachesIt() throws {
        let harness = try EngineHarness()
        harness.insert(Insertion(vector: [1, 0], payload: [1]))
        var position = harness.engine.position
        #expect(harness.lookup(Lookup(vector: [1, 0], minimumPosition: position)).hits.count == 1)
        position.sequence += 1
        #expect(harness.lookup(Lookup(vector: [1, 0], minimumPosition: position)).missReason == .fenced)
        harness.invalidate("kb", .bump)
        #expect(harness.lookup(Lookup(vector: [1, 0], minimumPosition: position)).hits.count == 1)
        position.incarnation ^= 1
        #expect(harness.lookup(Lookup(vector: [1, 0], minimumPosition: position)).missReason == .fenced)
    }

    @Test func aLateFillDoesNotReplaceANewerOneThatStillHolds() throws {
        let harness = try EngineHarness()
        let early = harness.lease()
        harness.invalidate("kb", .version(1))
        func fill(_ version: UInt64, _ lease: Lease) -> InsertOutcome {
            harness.insert(
                Insertion(
                    key: ExactKey(1), payload: [UInt8(version)], dependencies: [Dependency("kb", .ordered(version))],
                    lease: lease))
        }
        let newer = fill(1, harness.lease())
        #expect(fill(2, early).code == .superseded)
        harness.invalidate("kb", .version(2))
        let next = fill(2, early)
        #expect(next == .stored(try #require(next.entry), replaced: newer.entry))
    }
}
