import CacheEngine
import CacheModel
import CacheStorage
import Testing

@Suite struct NamespaceTests {
    private static let settings = NamespaceSettings(
        dimension: 2, model: "minilm", threshold: 0.8, timeToLiveMilliseconds: 5_000, capacity: 10)

    @Test func aNamespaceIsCreatedOnceAndAgainWithoutEffect() throws {
        let harness = try EngineHarness()
        let created = try harness.create("a", Self.settings).get()
        #expect(created.name == "a" && created.settings == Self.settings && created.entryCount == 0)
        harness.insert(Insertion(vector: [1, 0], payload: []), into: "a")
        let again = try harness.create("a", Self.settings).get()
        #expect(again.entryCount == 1 && again.settings == Self.settings)
        // What a request leaves open agrees with everything.
        var vague = Self.settings
        vague.dimension = nil
        vague.model = ""
        #expect(try harness.create("a", vague).get().settings == Self.settings)
        #expect(harness.engine.namespaces().map(\.name) == ["a"])
    }

    @Test func otherSettingsForAnExistingNamespaceAreAConflict() throws {
        let harness = try EngineHarness()
        _ = try harness.create("a", Self.settings).get()
        for change in [
            { $0.dimension = 3 }, { $0.model = "other" }, { $0.threshold = 0.9 }, { $0.timeToLiveMilliseconds = nil },
            { $0.capacity = 11 },
        ] as [(inout NamespaceSettings) -> Void] {
            var settings = Self.settings
            change(&settings)
            #expect(harness.create("a", settings).code == .namespaceConflict)
        }
        #expect(harness.description(of: "a")?.settings == Self.settings)
    }

    @Test func settingsOutOfRangeAreRefused() throws {
        let harness = try EngineHarness()
        let name = String(repeating: "n", count: Limits.namespaceBytes)
        for settings in [
            NamespaceSettings(dimension: 0), NamespaceSettings(dimension: -1), NamespaceSettings(dimension: 4_097),
            NamespaceSettings(threshold: .nan), NamespaceSettings(threshold: 1.01), NamespaceSettings(threshold: -1.01),
            NamespaceSettings(timeToLiveMilliseconds: 0), NamespaceSettings(timeToLiveMilliseconds: -5),
            NamespaceSettings(capacity: 0), NamespaceSettings(capacity: .max),
            NamespaceSettings(model: name + "n"),
        ] {
            #expect(harness.create("a", settings).code == .invalidArgument)
        }
        #expect(harness.create("", NamespaceSettings()).code == .invalidArgument)
        #expect(harness.create(name + "n", NamespaceSettings()).code == .invalidArgument)
        #expect(harness.engine.namespaces().isEmpty)
        #expect(try harness.create(name, NamespaceSettings(dimension: 4_096, threshold: -1)).get().name == name)
        try harness.reopen()
        #expect(harness.engine.namespaces().map(\.name) == [name])
    }

    @Test func theFirstVectorSetsTheDimension() throws {
        let harness = try EngineHarness()
        _ = try harness.create("a", NamespaceSettings()).get()
        harness.insert(Insertion(key: ExactKey(1), payload: []), into: "a")
        #expect(harness.description(of: "a")?.settings.dimension == nil)
        let outcomes = harness.insert(
            [Insertion(vector: [1, 2, 3], payload: []), Insertion(vector: [1, 2], payload: [])], into: "a")
        #expect(outcomes.map(\.code) == [nil, .dimensionMismatch])
        try harness.reopen()
        #expect(harness.description(of: "a")?.settings.dimension == 3)
        #expect(harness.insert(Insertion(vector: [1, 2], payload: []), into: "a").code == .dimensionMismatch)
        #expect(!harness.lookup(Lookup(vector: [1, 2, 3]), in: "a").hits.isEmpty)
    }

    /// Nothing of a batch whose only vector is refused may stay behind, not even a namespace.
    @Test func aNamespaceIsNotMadeByARefusedInsert() throws {
        let harness = try EngineHarness()
        #expect(harness.insert(Insertion(vector: [0, 0], payload: []), into: "a").code == .invalidVector)
        #expect(harness.engine.namespaces().isEmpty)
        #expect(harness.insert(Insertion(vector: [1, 0, 0], payload: []), into: "a").entry != nil)
    }

    @Test func theModelOfANamespaceIsSetByWhoNamesItFirstAndHoldsThen() throws {
        let harness = try EngineHarness()
        let insertion = Insertion(vector: [1, 0], payload: [])
        #expect(harness.insert([insertion], into: "a")[0].entry != nil)
        #expect(harness.insert([insertion], into: "a", model: "minilm")[0].entry != nil)
        try harness.reopen()
        #expect(harness.description(of: "a")?.settings.model == "minilm")
        let refused = harness.insert([insertion], into: "a", model: "other")[0]
        #expect(refused.code == .modelMismatch)
        if case .refused(let error) = refused { #expect(error.detail == ["expected": "minilm", "got": "other"]) }
        #expect(harness.insert([insertion], into: "a")[0].entry != nil)
    }

    @Test func aDroppedNamespaceIsGoneAtOnceAndItsRecordsInSteps() throws {
        let harness = try EngineHarness()
        var contents = StoreContents(seed: 2)
        // More than one step of every kind.
        let batch = (0..<1_300).map { contents.insertion($0, dimension: 700, expiringAfter: harness.clock.now) }
        for start in stride(from: 0, to: batch.count, by: 100) {
            #expect(harness.insert(Array(batch[start..<start + 100]), into: "a").allSatisfy { $0.entry != nil })
        }
        harness.insert(Insertion(key: ExactKey(1), vector: [1, 0], payload: [9], tags: ["t"]), into: "b")
        #expect(harness.drop("nowhere").code == .namespaceNotFound)
        #expect(try harness.drop("a").get().entryCount == 1_300)
        #expect(harness.drop("a").code == .namespaceNotFound)
        #expect(harness.engine.namespaces().map(\.name) == ["b"])
        #expect(harness.lookup(Lookup(vector: batch[0].vector ?? [1]), in: "a").missReason == .nothingStored)
        #expect(harness.get(EntryIdentifier(1), in: "a").code == .namespaceNotFound)
        #expect(try harness.recordCounts()[.garbage] == 1)

        // Made again, it is another one: no row, no key and no dimension is left.
        #expect(harness.insert(Insertion(key: batch[0].key, vector: [1, 2, 3], payload: [5]), into: "a").entry != nil)
        #expect(harness.lookup(Lookup(vector: [1, 2, 3]), in: "a").hits.map(\.entry.payload) == [[5]])

        harness.reclaim()
        let keys = (batch[0].key == nil ? 0 : 1) + 1
        #expect(
            try harness.recordCounts() == [.entries: 2, .payloads: 2, .keys: keys, .tags: 1, .blocks: 2, .garbage: 0])
        #expect(harness.lookup(Lookup(vector: [1, 2, 3]), in: "a").hits.map(\.entry.payload) == [[5]])
        #expect(harness.lookup(Lookup(key: ExactKey(1)), in: "b").hits.map(\.entry.payload) == [[9]])
        #expect(try harness.drop("a").get().entryCount == 1)
        #expect(try harness.drop("b").get().entryCount == 1)
        harness.reclaim()
        #expect(try harness.recordCounts().values.allSatisfy { $0 == 0 })
    }

    @Test func namespacesNeverShareAnything() throws {
        let harness = try EngineHarness()
        for (index, name) in ["a", "b", "c"].enumerated() {
            harness.insert(Insertion(key: ExactKey(1), vector: [1, 0], payload: [UInt8(index)]), into: name)
        }
        for (index, name) in ["a", "b", "c"].enumerated() {
            #expect(harness.lookup(Lookup(key: ExactKey(1)), in: name).hits.map(\.entry.payload) == [[UInt8(index)]])
            #expect(
                harness.lookup(Lookup(vector: [1, 0], neighbors: 9), in: name).hits.map(\.entry.payload) == [
                    [UInt8(index)]
                ])
        }
    }
}
