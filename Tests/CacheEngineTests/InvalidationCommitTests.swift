import CacheEngine
import CacheModel
import CacheStorage
import Dispatch
import Foundation
import Synchronization
import Testing

/// What is answered, believed and kept when a commit fails.
@Suite struct InvalidationCommitTests {
    private let fault = HistoryFault()

    private func open() throws -> EngineHarness {
        let fault = fault
        return try EngineHarness { $0.storage.commitFault = { fault.code(for: $0) } }
    }

    @Test func aFailedInvalidationIsBelievedButNotAcknowledgedUntilARetryIsOnTheDisk() throws {
        let harness = try open()
        harness.insert(Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))]))
        let lease = harness.lease()
        fault.arm(EIO)
        #expect(harness.invalidate("kb", .version(42)).code == .storageFailed)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .stale)
        #expect(harness.lease() == lease)
        var future = lease.position
        future.sequence += 1
        #expect(harness.lookup(Lookup(vector: [1, 0], minimumPosition: future)).missReason == .fenced)
        // The retry changes nothing, but what made it so is not on the disk.
        #expect(harness.invalidate("kb", .version(42)).code == .storageFailed)
        #expect(harness.invalidate("kb", .version(41)).code == .storageFailed)

        fault.arm(0)
        let late = Insertion(
            vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))], lease: lease)
        #expect(harness.insert(late).code == .staleDependency)
        #expect(harness.lease() == lease)
        let receipt = try harness.invalidate("kb", .version(42)).get()
        #expect(!receipt.changed)
        #expect(receipt.position == future)
        #expect(receipt.state == SourceState(version: .ordered(42), lastSequence: future.sequence))
        #expect(harness.lease().position == future)
        try harness.reopen()
        #expect(harness.engine.position == future)
        #expect(harness.engine.opening.quarantinedTo == nil)
        #expect(harness.insert(late).code == .staleDependency)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .stale)
    }

    /// The sequence that the crash takes back is given to another change, which a lease from before must not seem to
    /// have seen.
    @Test(arguments: [false, true]) func noLeaseLooksNewerThanItIsAfterAFailureAndACrash(writesInBetween: Bool) throws {
        let harness = try open()
        fault.arm(EIO)
        #expect(harness.invalidate("wiki", .bump).code == .storageFailed)
        fault.arm(0)
        // An insert opens the environment anew and commits.
        if writesInBetween { #expect(harness.insert(Insertion(vector: [0, 1], payload: [0])).entry != nil) }
        let lease = harness.lease()
        #expect(harness.lookup(Lookup(vector: [1, 0])).lease == lease)
        var forged = lease
        forged.position.sequence += 1
        #expect(harness.insert(Insertion(vector: [1, 0], payload: [1], lease: forged)).code == .badLease)

        try harness.reopen()
        #expect(try harness.invalidate("kb", .bump).get().position.sequence == 1)
        let late = Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb")], lease: lease)
        #expect(harness.insert(late).code == .leaseRequired)
    }

    @Test func aFailedPurgeHidesWhatItIsToPurgeAndIsKeptForTheNextCommit() throws {
        let harness = try open()
        let late = Insertion(vector: [1, 0], payload: [1], tags: ["red"], lease: harness.lease())
        harness.insert(late)
        let purge = WriteRequest.purge(namespace: EngineHarness.namespace, .tag("red"))
        fault.arm(EIO)
        guard case .failed(let error) = harness.write(purge) else {
            Issue.record("a purge was acknowledged that is not on the disk")
            return
        }
        #expect(error.code == .storageFailed)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .stale)
        fault.arm(0)
        // Another source's news takes it along.
        #expect(try harness.invalidate("kb", .bump).get().position.sequence == 2)
        try harness.reopen()
        #expect(harness.insert(late).code == .leaseRequired)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .stale)
    }

    @Test func afterAFailedDropTheNamespaceIsGoneAndTheRetryMakesItDurable() throws {
        let harness = try open()
        harness.insert(Insertion(vector: [1, 0], payload: [1]))
        fault.arm(EIO)
        guard case .failed = harness.write(.dropNamespace(EngineHarness.namespace)) else {
            Issue.record("a drop was acknowledged that is not on the disk")
            return
        }
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .nothingStored)
        fault.arm(0)
        _ = harness.write(.dropNamespace(EngineHarness.namespace))
        try harness.reopen()
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .nothingStored)
        #expect(harness.engine.namespaces().isEmpty)
    }

    /// Makes so many commits of invalidations fail for want of room.
    private final class FailureBudget: Sendable {
        private let count = Mutex(0)

        func arm(_ count: Int) { self.count.withLock { $0 = count } }

        func code(for purpose: CommitPurpose) -> CInt {
            guard purpose == .invalidation else { return 0 }
            return count.withLock { count in
                defer { count = max(0, count - 1) }
                return count > 0 ? ENOSPC : 0
            }
        }
    }

    @Test func onAFullDiskAnInvalidationIsTriedOnceMoreAndOtherwiseNotAcknowledged() throws {
        let budget = FailureBudget()
        let harness = try EngineHarness { $0.storage.commitFault = { budget.code(for: $0) } }
        harness.insert(Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(1))]))
        budget.arm(1)
        #expect(try harness.invalidate("kb", .version(2)).get().changed)
        budget.arm(2)
        #expect(harness.invalidate("kb", .version(3)).code == .storageFull)
        #expect(harness.insert(Insertion(vector: [0, 1], payload: [1])).entry != nil)
        try harness.reopen()
        #expect(harness.engine.opening.quarantinedTo == nil)
        #expect(harness.engine.position.sequence == 1)
        #expect(try harness.invalidate("kb", .version(3)).get().changed)
    }
}
