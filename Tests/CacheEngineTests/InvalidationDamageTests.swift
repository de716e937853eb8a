import CacheEngine
import CacheModel
import CacheStorage
import Testing

/// I5: when the watermarks cannot be read whole at a start, every entry is dropped and the store fences.
@Suite struct InvalidationDamageTests {
    enum Damage: CaseIterable { case removed, revived, corrupted, foreign, floorLost, sequenceLost }

    /// The first namespace of a store.
    private static let namespace = NamespaceIdentifier(1)

    private static func key(_ kind: WatermarkKind, _ name: String) -> [UInt8] {
        StorageKey.watermark(namespace, kind, Array(name.utf8))
    }

    /// Changes the closed store's file behind its back.
    private static func edit(
        _ harness: EngineHarness, _ body: (WriteTransaction) throws -> Void
    ) throws {
        harness.engine.close()
        let environment = try StorageEnvironment(
            directory: harness.configuration.directory, options: StorageOptions(mapBytes: 64 << 20))
        let transaction = try environment.beginWrite()
        try body(transaction)
        try transaction.commit(.invalidation)
    }

    private static func damage(_ damage: Damage, _ harness: EngineHarness) throws {
        try edit(harness) { transaction in
            let source = key(.source, "kb")
            let value = Array(try #require(try transaction.value(.watermarks, source)))
            switch damage {
            case .removed: try transaction.delete(.watermarks, key(.tag, "red"))
            case .revived:
                // A page that was never written leaves the watermark of before: whole, and wrong.
                var old = try value.withUnsafeBytes { bytes in try WatermarkRecord(decoding: bytes) }
                old.kind = .ordered(version: 41, generation: .zero)
                try transaction.put(.watermarks, source, old.encoded())
            case .corrupted:
                var corrupted = value
                corrupted[corrupted.count / 2] ^= 0x10
                try transaction.put(.watermarks, source, corrupted)
            case .foreign: try transaction.put(.watermarks, key(.source, "other"), value)
            case .floorLost:
                let stored = Array(try #require(try transaction.value(.namespaces, StorageKey.namespace(namespace))))
                var record = try stored.withUnsafeBytes { bytes in try NamespaceRecord(decoding: bytes, namespace) }
                #expect(record.floors.sources > 0)
                record.floors = .init()
                try transaction.put(.namespaces, StorageKey.namespace(namespace), record.encoded(namespace))
            case .sequenceLost: try transaction.delete(.store, StorageKey.store)
            }
        }
    }

    @Test(arguments: Damage.allCases)
    func i5AStoreWhoseWatermarksAreNotWholeForgetsEverythingAndFences(_ damage: Damage) throws {
        let harness = try EngineHarness()
        harness.insert(Insertion(vector: [1, 0], payload: [0]))
        _ = harness.write(.dropNamespace(EngineHarness.namespace))
        harness.invalidate("kb", .version(41))
        harness.invalidate("kb", .version(42))
        _ = harness.write(.purge(namespace: EngineHarness.namespace, .tag("red")))
        let lease = harness.lease()
        let plain = Insertion(vector: [1, 0], payload: [1])
        #expect(harness.insert(plain).entry != nil)
        try Self.damage(damage, harness)

        try harness.reopen()
        let report = harness.engine.opening
        #expect(report.quarantinedTo != nil)
        #expect(report.damage?.code == .storeDamaged)
        #expect(report.isFenced)
        #expect(report.entryCount == 0)
        #expect(harness.engine.position.incarnation != lease.position.incarnation)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .nothingStored)

        // Nothing is believed about a source until it is announced to the present incarnation.
        let named = Insertion(vector: [1, 0], payload: [2], dependencies: [Dependency("kb", .ordered(42))])
        #expect(harness.insert(named).code == .fenced)
        #expect(harness.insert(Insertion(vector: [1, 0], payload: [2], lease: lease)).code == .badLease)
        #expect(harness.insert(Insertion(vector: [1, 0], payload: [2], tags: ["red"])).code == .leaseRequired)
        harness.invalidate("kb", .version(42), incarnation: lease.position.incarnation)
        #expect(harness.insert(named).code == .fenced)
        #expect(harness.lookup(Lookup(vector: [1, 0], minimumPosition: lease.position)).missReason == .fenced)
        harness.invalidate("kb", .version(42), incarnation: harness.engine.position.incarnation)
        #expect(harness.insert(named).entry != nil)

        // The fence survives a restart, and so does what lifts it.
        try harness.reopen()
        #expect(harness.engine.opening.isFenced && harness.engine.opening.quarantinedTo == nil)
        #expect(harness.lookup(Lookup(vector: [1, 0])).hits.count == 1)
        let other = Insertion(vector: [1, 0], payload: [3], dependencies: [Dependency("faq", .ordered(1))])
        #expect(harness.insert(other).code == .fenced)
        guard case .fenceLifted = harness.write(.liftFence) else { return }
        #expect(harness.insert(other).entry != nil)
        try harness.reopen()
        #expect(!harness.engine.opening.isFenced)
    }

    /// No floor of the namespace is in the digest yet, so nothing but the missing record shows that news was lost.
    @Test func i5AWatermarkWhoseNamespaceIsLostIsDamage() throws {
        let harness = try EngineHarness()
        harness.invalidate("kb", .version(42))
        try Self.edit(harness) { try $0.delete(.namespaces, StorageKey.namespace(Self.namespace)) }
        try harness.reopen()
        let late = Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))])
        #expect(harness.engine.opening.isFenced)
        #expect(harness.insert(late).code == .fenced)
    }

    @Test func i5AStoreThatIsWholeIsNotQuarantined() throws {
        let harness = try EngineHarness()
        harness.invalidate("kb", .version(42))
        let stored = harness.insert(
            Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(42))]))
        try Self.edit(harness) { _ in }
        try harness.reopen()
        #expect(harness.engine.opening.quarantinedTo == nil)
        #expect(harness.lookup(Lookup(vector: [1, 0])).hits.map(\.entry.identifier) == [stored.entry])
    }

    @Test func anAnnouncementDoesNotOutliveTheNextLoss() throws {
        let harness = try EngineHarness()
        let named = Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(1))])
        for _ in 1...2 {
            try harness.reopen { $0.isRestored = true }
            #expect(harness.insert(named).code == .fenced)
            harness.invalidate("kb", .version(1), incarnation: harness.engine.position.incarnation)
            #expect(harness.insert(named).entry != nil)
        }
    }

    @Test func aFencedStoreKeepsTaggedEntriesUntilTheFenceIsLifted() throws {
        let harness = try EngineHarness()
        let stored = harness.insert(Insertion(vector: [1, 0], payload: [1], tags: ["red"]))
        try harness.reopen { $0.isRestored = true }
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .fenced)
        guard case .reclaimed(let number) = harness.write(.reclaim) else { return }
        #expect(number == 0)
        _ = harness.write(.liftFence)
        #expect(harness.lookup(Lookup(vector: [1, 0])).hits.map(\.entry.identifier) == [stored.entry])
    }
}
