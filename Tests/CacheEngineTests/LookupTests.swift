import CacheEngine
import CacheModel
import Testing

@Suite struct LookupTests {
    @Test func anEntryAtOrAboveTheThresholdIsAHitWithItsPayload() throws {
        let harness = try EngineHarness()
        let stored = harness.insert(
            Insertion(vector: [1, 0, 0], prompt: "refund?", payload: Array("yes".utf8), contentType: "text/plain"))
        let reply = harness.lookup(Lookup(vector: [0.99, 0.05, 0]))
        let hit = try #require(reply.hits.first)
        #expect(hit.entry.identifier == stored.entry)
        #expect(hit.entry.payload == Array("yes".utf8))
        #expect(hit.entry.prompt == "refund?")
        #expect(hit.similarity > 0.99)
        #expect(harness.lookup(Lookup(vector: [0, 1, 0])).missReason == .belowThreshold)
    }

    @Test func aNamespaceThatDoesNotExistIsAMissWithALease() throws {
        let harness = try EngineHarness()
        let reply = harness.lookup(Lookup(vector: [1, 0]), in: "nowhere")
        #expect(reply.missReason == .nothingStored)
        let stored = harness.insert(
            Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb")], lease: reply.lease), into: "nowhere")
        #expect(stored.entry != nil)
    }

    @Test func whatWasStoredIsThereAfterARestart() throws {
        let harness = try EngineHarness()
        let entries = (0..<97).map { index in
            let vector = (0..<20).map { component in Float((component * component + index * 31) % 97) - 48 }
            return Insertion(vector: vector, payload: [UInt8(index)])
        }
        let stored = harness.insert(entries).compactMap(\.entry)
        #expect(stored.count == 97)
        try harness.reopen()
        for (index, entry) in entries.enumerated() {
            let hit = try #require(harness.lookup(Lookup(vector: entry.vector, threshold: 1)).hits.first)
            #expect(hit.similarity == 1)
            #expect(hit.entry.payload == [UInt8(index)])
        }
    }

    @Test func aStaleBestMatchDoesNotHideAFreshSecondBest() throws {
        let harness = try EngineHarness()
        harness.insert(
            Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))]))
        let fresh = harness.insert(
            Insertion(vector: [1, 0.1], payload: [2], dependencies: [Dependency("faq", .ordered(1))]))
        #expect(harness.lookup(Lookup(vector: [1, 0])).hits.first?.entry.payload == [1])
        #expect(try harness.invalidate("kb", .version(42)).get().changed)
        #expect(harness.lookup(Lookup(vector: [1, 0])).hits.map(\.entry.identifier) == [fresh.entry])
        #expect(harness.lookup(Lookup(vector: [1, 0], threshold: 0.999)).missReason == .stale)
        #expect(
            harness.insert(Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))])).code
                == .staleDependency)
    }

    @Test func aHitNeverExtendsAnExpiry() throws {
        let harness = try EngineHarness()
        harness.insert(
            Insertion(vector: [1, 0], payload: [1], expiresAt: harness.clock.now.advanced(byMilliseconds: 1_000)))
        harness.clock.advance(milliseconds: 999)
        #expect(!harness.lookup(Lookup(vector: [1, 0])).hits.isEmpty)
        harness.clock.advance(milliseconds: 1)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .expired)
    }

    @Test func scopesNeverShareEntries() throws {
        let harness = try EngineHarness()
        for scope in 1...3 {
            harness.insert(Insertion(scope: Scope(UInt128(scope)), vector: [1, 0], payload: [UInt8(scope)]))
        }
        for scope in 1...3 {
            let reply = harness.lookup(Lookup(scope: Scope(UInt128(scope)), vector: [1, 0], neighbors: 10))
            #expect(reply.hits.map(\.entry.payload) == [[UInt8(scope)]])
        }
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .nothingStored)
    }

    @Test func aKeyIsUniqueInItsScopeAndNeedsNoVector() throws {
        let harness = try EngineHarness()
        let key = ExactKey(7)
        let first = harness.insert(Insertion(key: key, payload: [1]))
        let second = harness.insert(Insertion(key: key, vector: [1, 0], payload: [2]))
        #expect(second == .stored(second.entry!, replaced: first.entry))
        let hit = try #require(harness.lookup(Lookup(key: key)).hits.first)
        #expect(hit.match == .key && hit.similarity == 1 && hit.entry.payload == [2])
        #expect(harness.lookup(Lookup(scope: Scope(1), key: key)).missReason == .nothingStored)
    }

    @Test func aWrongDimensionIsRefusedByNameAndABadRowRefusesThatRowAlone() throws {
        let harness = try EngineHarness()
        let outcomes = harness.insert([
            Insertion(vector: [1, 0], payload: []), Insertion(vector: [.nan, 0], payload: []),
            Insertion(vector: [1, 0, 0], payload: []), Insertion(vector: [0, 0], payload: []),
            Insertion(vector: [0, 1], payload: []),
        ])
        #expect(outcomes.map(\.code) == [nil, .invalidVector, .dimensionMismatch, .invalidVector, nil])
        guard case .refused(let error) = outcomes[2] else { return }
        #expect(error.detail == ["expected": "2", "got": "3"])
        #expect(harness.lookup(Lookup(vector: [1, 0, 0])).code == .dimensionMismatch)
    }
}

/// Names are compared as bytes, as in the file: what only looks alike is something else.
@Suite struct NameTests {
    private static let composed = "caf\u{E9}"
    private static let decomposed = "cafe\u{301}"

    @Test func namespacesWhoseNamesOnlyLookAlikeAreDifferent() throws {
        let harness = try EngineHarness()
        harness.insert(Insertion(vector: [1, 0], payload: [1]), into: Self.composed)
        #expect(harness.lookup(Lookup(vector: [1, 0]), in: Self.decomposed).missReason == .nothingStored)
        #expect(!harness.lookup(Lookup(vector: [1, 0]), in: Self.composed).hits.isEmpty)
    }

    @Test func sourcesAndLabelsThatOnlyLookAlikeAreDifferentAndSurviveARestart() throws {
        let harness = try EngineHarness()
        harness.insert(
            Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency(Self.composed, .labelled(Self.composed))]))
        #expect(try harness.invalidate(Self.composed, .label(Self.composed)).get().changed)
        #expect(try harness.invalidate(Self.decomposed, .bump).get().changed)
        #expect(!harness.lookup(Lookup(vector: [1, 0])).hits.isEmpty)
        try harness.reopen()
        #expect(!harness.engine.opening.isFenced)
        #expect(!harness.lookup(Lookup(vector: [1, 0])).hits.isEmpty)
        let change = Invalidation.Change.label(Self.decomposed, replacing: .label(Self.composed))
        #expect(try harness.invalidate(Self.composed, change).get().changed)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .stale)
    }
}
