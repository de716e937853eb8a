import CacheEngine
import CacheModel
import CacheStorage
import Dispatch
import Foundation
import Synchronization
import Testing

/// The invariants of invalidation, I1 through I4, each with a test of its own. I5 is in `InvalidationDamageTests`.
@Suite struct InvalidationInvariantTests {
    // MARK: I1

    @Test func i1NothingOlderIsReturnedOnceAnInvalidationIsAcknowledged() throws {
        let harness = try EngineHarness()
        for version in 1...3 as ClosedRange<UInt64> {
            harness.insert(
                Insertion(
                    vector: [1, 0], payload: [UInt8(version)], dependencies: [Dependency("kb", .ordered(version))]))
        }
        for version in 1...4 as ClosedRange<UInt64> {
            #expect(try harness.invalidate("kb", .version(version)).get().changed)
            let found = harness.lookup(Lookup(vector: [1, 0], neighbors: 10)).hits.flatMap(\.entry.dependencies)
            #expect(found == (version...4).dropLast().reversed().map { Dependency("kb", .ordered($0)) })
        }
    }

    /// A state that changes, what was acknowledged of it, and what came of it.
    private final class Truth: Sendable {
        let published = Atomic<Int>(0)
        let acknowledged = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        let staleCount = Atomic<Int>(0)
        let hitCount = Atomic<Int>(0)
        /// Signalled for each insertion that was stored.
        let stored = DispatchSemaphore(value: 0)
        let engine: Engine

        init(_ engine: Engine) { self.engine = engine }

        func lookUp() {
            let acknowledged = acknowledged.load(ordering: .sequentiallyConsistent)
            let request = ReadRequest.lookup(namespace: EngineHarness.namespace, [Lookup(vector: [1, 0])])
            guard case .lookup(let replies) = InvalidationCalls.read(request, engine), let hit = replies[0].hits.first
            else { return }
            hitCount.add(1, ordering: .relaxed)
            if Int(hit.entry.payload?[0] ?? 0) < acknowledged { staleCount.add(1, ordering: .relaxed) }
        }

        func publish(_ state: Int, _ change: Invalidation.Change) {
            published.store(state, ordering: .sequentiallyConsistent)
            let news = Invalidation(source: "kb", change: change)
            let reply = InvalidationCalls.write(.invalidate(namespace: EngineHarness.namespace, [news]), engine)
            if case .invalidated(let outcomes) = reply, case .success = outcomes[0] {
                acknowledged.store(state, ordering: .sequentiallyConsistent)
            }
        }

        /// Keys keep the store small: an insertion replaces the one of before.
        func insert(_ reads: [(lease: Lease, state: Int)], writer: Int, _ version: (Int) -> DataVersion) {
            let insertions = reads.enumerated().map { index, read in
                Insertion(
                    key: ExactKey(UInt128(writer * 2 + index)), vector: [1, 0], payload: [UInt8(read.state)],
                    dependencies: [Dependency("kb", version(read.state))], lease: read.lease)
            }
            let batch = InsertBatch(namespace: EngineHarness.namespace, insertions: insertions)
            guard case .inserted(let outcomes) = InvalidationCalls.write(.insert(batch), engine) else { return }
            if outcomes.contains(where: { $0.entry != nil }) { stored.signal() }
        }
    }

    /// A source that is named by versions, or only bumped. Apps insert what they have just read and what they read the
    /// time before.
    @Test(arguments: [true, false]) func i1HoldsForLookupsThatRunBesideInsertsAndInvalidations(isNamed: Bool) throws {
        let harness = try EngineHarness {
            $0.storage.durability = .relaxed
            $0.searchThreads = 2
        }
        let truth = Truth(harness.engine)
        let invalidator: @Sendable () -> Void = {
            for state in 1...60 {
                truth.publish(state, isNamed ? .version(UInt64(state)) : .bump)
                // Invalidations go ahead of inserts, which would have no chance otherwise.
                if state.isMultiple(of: 2) { truth.stored.wait() }
                truth.lookUp()
            }
            truth.isOver.store(true, ordering: .sequentiallyConsistent)
        }
        let writer: @Sendable (Int) -> Void = { number in
            var before: [(lease: Lease, state: Int)] = []
            while !truth.isOver.load(ordering: .sequentiallyConsistent) {
                let lease = truth.engine.lease(namespace: EngineHarness.namespace, sources: []).lease
                let read = (lease: lease, state: truth.published.load(ordering: .sequentiallyConsistent))
                truth.insert([read] + before, writer: number) { isNamed ? .ordered(UInt64($0)) : .unnamed }
                before = [read]
            }
        }
        let reader: @Sendable () -> Void = {
            while !truth.isOver.load(ordering: .sequentiallyConsistent) { truth.lookUp() }
        }
        let group = DispatchGroup()
        let bodies: [@Sendable () -> Void] = [invalidator, { writer(0) }, { writer(1) }, reader, reader]
        for body in bodies {
            group.enter()
            Thread.detachNewThread {
                body()
                group.leave()
            }
        }
        group.wait()
        #expect(truth.staleCount.load(ordering: .relaxed) == 0)
        #expect(truth.acknowledged.load(ordering: .relaxed) == 60)
        #expect(truth.hitCount.load(ordering: .relaxed) > 0)
    }

    /// A clock that lets something happen while a lookup is under way: it is read right after the lookup has chosen
    /// its state.
    private final class OvertakingClock: WallClock {
        private let action = Mutex<(@Sendable () -> Void)?>(nil)

        func overtake(_ action: @escaping @Sendable () -> Void) { self.action.withLock { $0 = action } }

        var now: Timestamp {
            let action = self.action.withLock { action in
                defer { action = nil }
                return action
            }
            action?()
            return Timestamp(milliseconds: 1_700_000_000_000)
        }
    }

    @Test func i1HoldsForALookupThatIsOvertakenByAnInvalidationInTheMiddle() throws {
        let clock = OvertakingClock()
        let harness = try EngineHarness { $0.clock = clock }
        let engine = harness.engine
        harness.insert(Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))]))
        let fresh = harness.insert(
            Insertion(vector: [1, 0.1], payload: [2], dependencies: [Dependency("faq", .ordered(1))]))
        let news = WriteRequest.invalidate(
            namespace: EngineHarness.namespace, [Invalidation(source: "kb", change: .version(42))])
        clock.overtake { _ = InvalidationCalls.write(news, engine) }
        #expect(harness.lookup(Lookup(vector: [1, 0])).hits.map(\.entry.identifier) == [fresh.entry])
    }

    @Test func i1HoldsForALookupThatIsOvertakenByADrop() throws {
        let clock = OvertakingClock()
        let harness = try EngineHarness { $0.clock = clock }
        let engine = harness.engine
        harness.insert(Insertion(vector: [1, 0], payload: [1]))
        clock.overtake { _ = InvalidationCalls.write(.dropNamespace(EngineHarness.namespace), engine) }
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .nothingStored)
    }

    // MARK: I2

    private func states(_ harness: EngineHarness) -> [SourceState] {
        harness.engine.lease(namespace: EngineHarness.namespace, sources: ["kb", "git", "wiki"]).sources
    }

    @Test func i2NeitherTheSequenceNorAWatermarkNorAFloorEverDecreases() throws {
        let harness = try EngineHarness()
        let tagged = Insertion(vector: [1, 0], payload: [1], tags: ["red"], lease: harness.lease())
        #expect(try harness.invalidate("kb", .version(7)).get().position.sequence == 1)
        #expect(try harness.invalidate("git", .label("a")).get().position.sequence == 2)
        #expect(try harness.invalidate("wiki", .bump).get().position.sequence == 3)
        #expect(try !harness.invalidate("kb", .version(6)).get().changed)
        #expect(harness.invalidate("git", .label("b")).code == .labelConflict)
        guard case .purged = harness.write(.purge(namespace: EngineHarness.namespace, .tag("red"))) else {
            Issue.record("the purge failed")
            return
        }
        let expected = [
            SourceState(version: .ordered(7), lastSequence: 1), SourceState(version: .labelled("a"), lastSequence: 2),
            SourceState(version: .unnamed, lastSequence: 3),
        ]
        let position = harness.engine.position
        #expect(position.sequence == 4)
        #expect(states(harness) == expected)
        try harness.reopen()
        #expect(harness.engine.position == position)
        #expect(states(harness) == expected)
        #expect(harness.insert(tagged).code == .leaseRequired)
        #expect(
            try harness.invalidate("kb", .version(7)).get()
                == .init(changed: false, position: position, state: expected[0]))
    }

    // MARK: I3

    @Test func i3AnInsertionWithADependencyThatIsNotServableStoresNothing() throws {
        let harness = try EngineHarness()
        let early = harness.lease()
        let key = ExactKey(1)
        let kept = harness.insert(Insertion(key: key, vector: [1, 0], payload: [1]))
        harness.invalidate("kb", .version(2))
        harness.invalidate("git", .label("b"))
        harness.invalidate("wiki", .bump)
        let cases: [(Dependency, Lease?, CacheError.Code)] = [
            (Dependency("kb", .ordered(1)), harness.lease(), .staleDependency),
            (Dependency("kb", .ordered(2, generation: early.position)), harness.lease(), .staleDependency),
            (Dependency("kb", .labelled("b")), harness.lease(), .kindMismatch),
            (Dependency("git", .labelled("a")), harness.lease(), .staleDependency),
            (Dependency("git", .ordered(9)), harness.lease(), .kindMismatch),
            (Dependency("wiki", .ordered(1)), early, .leaseRequired),
            (Dependency("wiki"), early, .leaseRequired),
        ]
        for (dependency, lease, code) in cases {
            let outcome = harness.insert(
                Insertion(
                    key: key, vector: [1, 0], payload: [2],
                    dependencies: [Dependency("other", .ordered(1)), dependency],
                    lease: lease))
            #expect(outcome.code == code, "\(dependency)")
        }
        #expect(harness.lookup(Lookup(vector: [1, 0], neighbors: 10)).hits.map(\.entry.identifier) == [kept.entry])
        #expect(harness.engine.statistics().entryCount == 1)
    }

    // MARK: I4

    @Test func i4ADependencyThatNamesNothingNeedsALeaseFromAfterTheLastChange() throws {
        let harness = try EngineHarness()
        func insert(_ lease: Lease?) -> CacheError.Code? {
            harness.insert(Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb")], lease: lease)).code
        }
        #expect(insert(nil) == .leaseRequired)
        var leases: [Lease] = []
        for change in [Invalidation.Change.bump, .version(1), .version(2), .bump] {
            let lease = harness.lease()
            #expect(insert(lease) == nil)
            #expect(try harness.invalidate("kb", change).get().changed)
            #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .stale)
            #expect(insert(nil) == .leaseRequired)
            leases.append(lease)
        }
        for lease in leases {
            #expect(insert(lease) == (lease.position.sequence == 0 ? .leaseRequired : .staleDependency))
        }
        #expect(insert(harness.lease()) == nil)
    }

    @Test func aLeaseOfAnotherNamespaceIncarnationOrOfTheFutureIsRefused() throws {
        let harness = try EngineHarness()
        func insert(_ change: (inout Lease) -> Void) -> CacheError.Code? {
            var lease = harness.lease()
            change(&lease)
            return harness.insert(Insertion(vector: [1, 0], payload: [1], lease: lease)).code
        }
        #expect(insert { _ in } == nil)
        #expect(insert { $0.position.sequence += 1 } == .badLease)
        #expect(insert { $0.position.incarnation += 1 } == .badLease)
        #expect(insert { $0.namespace += 1 } == .badLease)
    }
}

/// Calls of an engine from any thread, as if they were synchronous.
enum InvalidationCalls {
    private final class Answer<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
        let semaphore = DispatchSemaphore(value: 0)

        func set(_ new: Value) {
            value.withLock { $0 = new }
            semaphore.signal()
        }

        func wait() -> Value? {
            semaphore.wait()
            return value.withLock { $0 }
        }
    }

    static func write(_ request: WriteRequest, _ engine: Engine) -> WriteReply? { submit(request, engine)() }

    /// - Returns: what waits for the reply.
    static func submit(_ request: WriteRequest, _ engine: Engine) -> () -> WriteReply? {
        let answer = Answer<WriteReply>()
        engine.submit(request) { answer.set($0) }
        return { answer.wait() }
    }

    static func read(_ request: ReadRequest, _ engine: Engine) -> ReadReply? {
        let answer = Answer<ReadReply>()
        engine.submit(request) { answer.set($0) }
        return answer.wait()
    }
}
