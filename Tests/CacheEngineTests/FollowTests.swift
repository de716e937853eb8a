import CacheEngine
import CacheModel
import Testing

/// A namespace that follows another is told of everything that the other one is told of.
@Suite struct FollowTests {
    let harness: EngineHarness

    init() throws { harness = try EngineHarness() }

    private func payloads(_ namespace: String) throws -> Set<[UInt8]> {
        Set(try harness.scanned(of: namespace).entries.compactMap(\.entry.payload))
    }

    @Test func whatChangesBetweenReadingAndStoringIsKnownWhereTheCopyGoes() throws {
        _ = harness.insert(
            [
                Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))]),
                Insertion(vector: [0, 1], payload: [2], tags: ["t"]),
                Insertion(scope: Scope(5), vector: [1, 1], payload: [3]),
                Insertion(
                    vector: [1, 2], payload: [4], dependencies: [Dependency("x")], lease: harness.lease(in: "from")),
                Insertion(vector: [1, 3], payload: [5]),
            ], into: "from")
        _ = try harness.follow("from", by: "to").get()
        let page = try harness.page(of: "from")
        harness.invalidate("kb", .version(42), in: "from")
        _ = try harness.purge(.tag("t"), in: "from").get()
        _ = try harness.purge(.scope(Scope(5)), in: "from").get()
        harness.invalidate("x", .bump, in: "from")
        #expect(
            harness.copy(page, to: "to").map(\.code)
                == [.staleDependency, .leaseRequired, .leaseRequired, .leaseRequired, nil])
    }

    @Test func whatChangesAfterStoringHitsTheCopyInTheSameMoment() throws {
        _ = harness.insert(
            Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb", .ordered(41))]), into: "from")
        _ = try harness.follow("from", by: "to").get()
        harness.copy(try harness.page(of: "from"), to: "to")
        #expect(harness.lookup(Lookup(vector: [1, 0]), in: "to").hits.count == 1)
        harness.invalidate("kb", .version(42), in: "from")
        #expect(harness.lookup(Lookup(vector: [1, 0]), in: "to").missReason == .stale)
    }

    @Test func whatWasKnownBeforeIsTakenOverWithItsSequences() throws {
        harness.invalidate("kb", .bump, in: "from")
        let lease = harness.lease(in: "from")
        _ = harness.insert(
            Insertion(vector: [1, 0], payload: [1], dependencies: [Dependency("kb")], lease: lease), into: "from")
        _ = harness.insert(Insertion(vector: [1, 0], payload: [9], tags: ["t"]), into: "to")
        _ = try harness.purge(.tag("t"), in: "from").get()
        _ = try harness.follow("from", by: "to").get()
        // The bump is older than the lease, so the copy holds; the purge is newer than the other entry.
        #expect(harness.copy(try harness.page(of: "from"), to: "to")[0].entry != nil)
        #expect(try payloads("to") == [[1]])
        let states = ["from", "to"].map { harness.engine.lease(namespace: $0, sources: ["kb"]).sources }
        #expect(states[0] == states[1])
    }

    @Test func followingOutlivesAReopeningAndADropOfTheFollowedAndEndsWhenItIsTold() throws {
        _ = harness.insert(Insertion(vector: [1, 0], payload: [1]), into: "from")
        _ = try harness.follow("from", by: "to").get()
        _ = harness.insert(
            Insertion(vector: [1, 0], payload: [2], dependencies: [Dependency("kb", .ordered(1))]), into: "to")
        try harness.reopen()
        guard case .dropped = harness.write(.dropNamespace("from")) else {
            Issue.record("the namespace was not dropped")
            return
        }
        #expect(try payloads("to") == [[2]], "a drop is no news about sources")
        harness.invalidate("kb", .version(2), in: "from")
        #expect(try payloads("to").isEmpty)
        _ = try harness.follow(nil, by: "to").get()
        harness.invalidate("kb", .version(3), in: "from")
        #expect(harness.engine.lease(namespace: "to", sources: ["kb"]).sources[0].version == .ordered(2))
        try harness.reopen()
        #expect(harness.engine.opening.quarantinedTo == nil, "the digest adds up")
        #expect(harness.engine.lease(namespace: "to", sources: ["kb"]).sources[0].version == .ordered(2))
    }

    @Test func nobodyFollowsItselfNorWhatFollowsIt() throws {
        _ = harness.create("a", NamespaceSettings())
        #expect(harness.follow("a", by: "a").code == .invalidArgument)
        _ = try harness.follow("a", by: "b").get()
        _ = try harness.follow("b", by: "c").get()
        #expect(harness.follow("c", by: "a").code == .invalidArgument)
        #expect(harness.follow("never heard of", by: "a").code == .namespaceNotFound)
        harness.invalidate("kb", .version(7), in: "a")
        #expect(harness.engine.lease(namespace: "c", sources: ["kb"]).sources[0].version == .ordered(7))
    }

    @Test func aFollowerOfAFencedStoreHearsTheAnnouncements() throws {
        var incarnation: UInt64 = 1
        let fenced = try EngineHarness { $0.makeIncarnation = { 0xabc } }
        _ = fenced.insert(Insertion(vector: [1], payload: [1]), into: "from")
        _ = try fenced.follow("from", by: "to").get()
        incarnation = fenced.engine.position.incarnation
        fenced.invalidate("kb", .version(3), in: "from", incarnation: incarnation)
        #expect(fenced.engine.lease(namespace: "to", sources: ["kb"]).sources[0].version == .ordered(3))
    }

    /// Of every entry and its copy, either both hold or neither does, whatever is announced to the first namespace, and
    /// whenever it is followed; and a copy never holds longer when news comes to its own namespace as well.
    @Test(arguments: 0..<12) func copiesHoldExactlyAsLongAsTheEntries(seed: Int) throws {
        var random = HistoryRandom(seed: 0x5eed_0f01 &+ UInt64(seed))
        let sources = ["a", "b", "c"]
        let (news, dependencies) = (3, 2)
        var next: UInt64 = 0
        func change() -> Invalidation.Change {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: .version(UInt64.random(in: 1...9, using: &random))
            case 6..<9: .bump
            default: .reset(version: UInt64.random(in: 1...9, using: &random))
            }
        }
        func step() throws {
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                next += 1
                let count = Int.random(in: 0...dependencies, using: &random)
                let known = harness.engine.lease(namespace: "from", sources: sources)
                let basis = (0..<count).map { _ -> Dependency in
                    let index = Int.random(in: 0..<sources.count, using: &random)
                    let version = random.chance(0.5) ? known.sources[index].version : .unnamed
                    return Dependency(sources[index], version)
                }
                _ = harness.insert(
                    Insertion(
                        scope: Scope(UInt128(next % 2)), vector: [1, Float(next)],
                        payload: [UInt8(truncatingIfNeeded: next), UInt8(truncatingIfNeeded: next >> 8)],
                        dependencies: basis, tags: random.chance(0.3) ? ["t"] : [],
                        lease: random.chance(0.9) ? known.lease : nil), into: "from")
            }
            for _ in 0..<Int.random(in: 0...news, using: &random) {
                switch Int.random(in: 0..<8, using: &random) {
                case 0: _ = harness.purge(.tag("t"), in: "from")
                case 1: _ = harness.purge(.scope(Scope(UInt128(Int.random(in: 0...1, using: &random)))), in: "from")
                default: harness.invalidate(random.pick(sources), change(), in: "from")
                }
            }
        }
        for _ in 0..<3 { try step() }
        _ = try harness.follow("from", by: "to").get()
        var cursor = EntryIdentifier(0)
        for round in 0..<8 {
            try step()
            let page = try harness.scanned(Scan(after: cursor), of: "from")
            cursor = max(cursor, page.last)
            // News comes between the reading and the storing.
            if random.chance(0.7) { harness.invalidate(random.pick(sources), change(), in: "from") }
            harness.copy(page, to: "to")
            if random.chance(0.7) { harness.invalidate(random.pick(sources), change(), in: "from") }
            if round == 4 { try harness.reopen() }
            #expect(try payloads("to") == payloads("from"), "round \(round)")
        }
        // Told by two, in any order: never less careful than either.
        for _ in 0..<6 {
            let (source, change) = (random.pick(sources), change())
            for namespace in random.chance(0.5) ? ["from", "to"] : ["to", "from"] {
                harness.invalidate(source, change, in: namespace)
            }
            #expect(try payloads("to").isSubset(of: payloads("from")))
        }
    }
}
