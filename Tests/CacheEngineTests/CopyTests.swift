import CacheEngine
import CacheModel
import Testing

/// An entry that is read by a scan and stored again.
@Suite struct CopyTests {
    let harness: EngineHarness

    init() throws { harness = try EngineHarness() }

    @Test func aCopyHasTheBitsTheNormTheCreationAndTheExpiryOfTheEntry() throws {
        var random = HistoryRandom(seed: 0x5eed_c0b1)
        for dimension in [1, 2, 3, 5, 16, 100] {
            let (from, to) = ("from-\(dimension)", "to-\(dimension)")
            let insertions = (0..<50).map { number in
                Insertion(
                    vector: (0..<dimension).map { _ in Float.random(in: -1_000...1_000, using: &random) },
                    payload: [UInt8(number)],
                    expiresAt: number % 2 == 0 ? nil : harness.clock.now.advanced(byMilliseconds: 1_000_000))
            }
            _ = harness.insert(insertions, into: from)
            harness.clock.advance(milliseconds: 777)
            let page = try harness.page(of: from)
            #expect(harness.copy(page, to: to).allSatisfy { $0.entry != nil })
            let copy = try harness.page(of: to)
            #expect(copy.entries.count == 50)
            for (one, other) in zip(page.entries, copy.entries) {
                #expect(one.vector?.map(\.bitPattern) == other.vector?.map(\.bitPattern))
                #expect(one.entry.norm == other.entry.norm)
                #expect(one.entry.createdAt == other.entry.createdAt && one.entry.expiresAt == other.entry.expiresAt)
                #expect(one.entry.payload == other.entry.payload && one.fillSequence == other.fillSequence)
            }
        }
    }

    @Test func aVectorThatIsNotOfLengthOneIsNoCopy() {
        let outcome = harness.insert(Insertion(vector: [1, 0.01], payload: [], norm: 2))
        #expect(outcome.code == .invalidVector)
        #expect(harness.insert(Insertion(vector: [1, 0], payload: [], norm: 0)).code == .invalidArgument)
        #expect(harness.insert(Insertion(key: ExactKey(1), payload: [], norm: 1)).code == .invalidArgument)
    }

    @Test func aCopyIsAsOldAsTheEntryForLookupsThatWantNewerOnes() throws {
        _ = harness.insert(Insertion(vector: [1, 2], payload: [1]), into: "from")
        harness.clock.advance(milliseconds: 10_000)
        harness.copy(try harness.page(of: "from"), to: "to")
        func lookup(_ age: Int64) -> LookupReply {
            harness.lookup(Lookup(vector: [1, 2], maximumAgeMilliseconds: age), in: "to")
        }
        #expect(lookup(9_999).missReason == .expired)
        #expect(lookup(10_000).hits.count == 1)
    }

    @Test func aCopyLivesNoLongerThanTheNamespaceLetsItAndIsRefusedAfter() throws {
        _ = harness.insert(Insertion(vector: [1, 2], payload: [1]), into: "from")
        _ = harness.create("to", NamespaceSettings(timeToLiveMilliseconds: 1_000))
        let page = try harness.page(of: "from")
        harness.clock.advance(milliseconds: 999)
        let entry = try #require(harness.copy(page, to: "to")[0].entry)
        #expect(try harness.get(entry, in: "to").get().expiresAt == harness.clock.now.advanced(byMilliseconds: 1))
        harness.clock.advance(milliseconds: 1)
        #expect(harness.copy(page, to: "to")[0].code == .invalidArgument)
    }

    @Test func aCreationInTheFutureCountsAsNow() throws {
        let later = harness.clock.now.advanced(byMilliseconds: 5_000)
        let entry = try #require(harness.insert(Insertion(vector: [1], payload: [], createdAt: later)).entry)
        #expect(try harness.get(entry).get().createdAt == harness.clock.now)
        #expect(
            harness.insert(Insertion(vector: [1], payload: [], createdAt: Timestamp(milliseconds: -1))).code
                == .invalidArgument)
    }

    @Test func aCopyDoesNotTakeThePlaceOfANewerAnswer() throws {
        let key = ExactKey(7)
        _ = harness.insert(Insertion(key: key, payload: [1]), into: "from")
        let page = try harness.page(of: "from")
        harness.clock.advance(milliseconds: 1)
        _ = harness.insert(Insertion(key: key, payload: [2]), into: "to")
        #expect(harness.copy(page, to: "to")[0].code == .superseded)
        // The same copy once more takes its own place.
        #expect(harness.copy(page, to: "third")[0].entry != nil)
        guard case .stored(_, .some) = harness.copy(page, to: "third")[0] else {
            Issue.record("the copy was stored twice")
            return
        }
    }

    // MARK: Freshness

    /// A source that moved on between the reading and the storing, for every way to tell and to depend.
    @Test(arguments: [
        (Dependency("kb", .ordered(41)), Invalidation.Change.version(42)), (Dependency("kb"), .version(42)),
        (Dependency("kb"), .bump), (Dependency("kb", .ordered(41)), .bump),
        (Dependency("kb", .labelled("a")), .label("b")), (Dependency("kb", .ordered(41)), .reset(version: 41)),
    ])
    func aCopyIsRefusedWhereTheSourceHasMovedOn(_ dependency: Dependency, _ change: Invalidation.Change) throws {
        _ = harness.insert(
            Insertion(vector: [1, 2], payload: [1], dependencies: [dependency], lease: harness.lease(in: "from")),
            into: "from")
        let page = try harness.page(of: "from")
        _ = try harness.invalidate("kb", change, in: "to").get()
        let code = try #require(harness.copy(page, to: "to")[0].code)
        #expect(code == .staleDependency || code == .leaseRequired)
        // Nobody has told the first namespace.
        #expect(harness.lookup(Lookup(vector: [1, 2]), in: "from").hits.count == 1)
    }

    @Test func aCopyFromAnotherStoreIsJudgedByWhatThisOneKnows() throws {
        let other = try EngineHarness()
        for (number, dependency) in [Dependency("kb/a", .ordered(41)), Dependency("kb/b"), Dependency("kb/c")]
            .enumerated()
        {
            _ = other.insert(
                Insertion(
                    vector: [1, Float(number)], payload: [UInt8(number)], dependencies: [dependency],
                    lease: other.lease()))
        }
        let page = try other.page()
        harness.invalidate("kb/a", .version(42))
        harness.invalidate("kb/b", .bump)
        // Whatever the sequence of the lease was in the other store, it says nothing here.
        let outcomes = harness.copy(page, to: EngineHarness.namespace)
        #expect(outcomes.map(\.code) == [.staleDependency, .leaseRequired, nil])
        harness.invalidate("kb/c", .bump)
        #expect(harness.lookup(Lookup(vector: [1, 2])).missReason == .stale)
    }
}
