import CacheEngine
import CacheModel
import CacheStorage
import Testing

@Suite struct InsertTests {
    @Test func everythingThatWasInsertedIsReadBack() throws {
        let harness = try EngineHarness()
        var contents = StoreContents(seed: 1)
        var stored: [EntryIdentifier: Insertion] = [:]
        for number in 0..<120 {
            let insertion = contents.insertion(
                number, dimension: 33, lease: number % 2 == 0 ? harness.lease() : nil, expiringAfter: harness.clock.now)
            stored[try #require(harness.insert(insertion).entry)] = insertion
        }
        #expect(stored.count == 120)
        for (identifier, insertion) in stored {
            let entry = try harness.get(identifier).get()
            #expect(entry.scope == insertion.scope && entry.key == insertion.key)
            #expect(entry.prompt == insertion.prompt && entry.payload == insertion.payload)
            #expect(entry.payloadBytes == insertion.payload.count && entry.contentType == insertion.contentType)
            #expect(entry.dependencies == insertion.dependencies && entry.tags == insertion.tags)
            #expect(entry.expiresAt == insertion.expiresAt && entry.createdAt == harness.clock.now)
            #expect(entry.costSavedNanodollars == insertion.costSavedNanodollars && entry.ageMilliseconds == 0)
            let norm = insertion.vector.map { $0.reduce(Double(0)) { $0 + Double($1) * Double($1) }.squareRoot() }
            #expect((entry.norm == nil) == (norm == nil))
            if let norm, let stored = entry.norm { #expect(abs(Double(stored) - norm) <= norm * 1e-6) }
        }
    }

    @Test func numbersGrowWithEveryInsertAndAreNeverUsedTwice() throws {
        let harness = try EngineHarness()
        var last: UInt64 = 0
        for round in 0..<4 {
            let entries = harness.insert((0..<10).map { Insertion(vector: [1, Float($0)], payload: []) }).compactMap(
                \.entry)
            #expect(entries.map(\.number) == (1...10).map { last + $0 })
            last += 10
            // The newest are gone before the store is opened again.
            #expect(harness.delete(round % 2 == 0 ? entries : [entries[9]]).allSatisfy { $0 })
            try harness.reopen()
        }
    }

    @Test func aReplacedKeyLeavesNothingOfTheEntryThatItHad() throws {
        let harness = try EngineHarness()
        let key = ExactKey(1)
        var last: EntryIdentifier?
        for number in 0..<100 {
            let outcome = harness.insert(
                Insertion(key: key, vector: [1, Float(number)], payload: [UInt8(number)], tags: ["a", "b"]))
            #expect(outcome == .stored(try #require(outcome.entry), replaced: last))
            last = outcome.entry
        }
        let counts = try harness.recordCounts()
        #expect(counts == [.entries: 1, .payloads: 1, .keys: 1, .tags: 2, .blocks: 1, .garbage: 0])
        #expect(harness.description()?.entryCount == 1 && harness.description()?.rowCount == 1)
        #expect(harness.lookup(Lookup(key: key)).hits.first?.entry.payload == [99])
        // The vectors that were replaced are found no more.
        #expect(harness.lookup(Lookup(vector: [1, 0], threshold: 0.99)).missReason == .belowThreshold)
    }

    @Test func theSameKeyTwiceInABatchStoresTheLast() throws {
        let harness = try EngineHarness()
        let outcomes = harness.insert((1...3).map { Insertion(key: ExactKey(1), payload: [$0]) })
        #expect(outcomes.map(\.entry?.number) == [1, 2, 3])
        #expect(outcomes[2] == .stored(EntryIdentifier(3), replaced: EntryIdentifier(2)))
        #expect(harness.description()?.entryCount == 1)
        #expect(harness.lookup(Lookup(key: ExactKey(1))).hits.map(\.entry.payload) == [[3]])
    }

    @Test func anEntryWithoutAVectorIsFoundByItsKeyAlone() throws {
        let harness = try EngineHarness()
        let entry = harness.insert(Insertion(key: ExactKey(1), prompt: "p", payload: [1])).entry
        #expect(harness.lookup(Lookup(key: ExactKey(1), vector: [1, 2])).hits.first?.entry.identifier == entry)
        #expect(harness.lookup(Lookup(vector: [1, 2])).missReason == .nothingStored)
        let hit = try #require(harness.lookup(Lookup(key: ExactKey(1), omitsPayload: true)).hits.first)
        #expect(hit.entry.norm == nil && hit.entry.payload == nil && hit.entry.payloadBytes == 1 && hit.match == .key)
        #expect(harness.delete([try #require(entry)]) == [true])
        #expect(harness.lookup(Lookup(key: ExactKey(1))).missReason == .nothingStored)
        #expect(harness.description()?.entryCount == 0 && harness.description()?.scopeCount == 0)
    }

    @Test func everyBadRowIsRefusedByNameAndTheOthersAreStored() throws {
        let harness = try EngineHarness()
        let now = harness.clock.now
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        let good = Insertion(key: ExactKey(1), vector: [1, 0], payload: [])
        var bad: [(Insertion, CacheError.Code)] = []
        func add(_ code: CacheError.Code, _ change: (inout Insertion) -> Void) {
            var insertion = good
            change(&insertion)
            bad.append((insertion, code))
        }
        add(.invalidArgument) { ($0.key, $0.vector) = (nil, nil) }
        add(.invalidArgument) { $0.vector = [] }
        add(.invalidVector) { $0.vector = [0, 0] }
        add(.invalidVector) { $0.vector = [.infinity, 0] }
        add(.invalidVector) { $0.vector = [-.nan, 0] }
        add(.dimensionMismatch) { $0.vector = [1] }
        add(.dimensionMismatch) { $0.vector = [Float](repeating: 1, count: 4_096) }
        add(.payloadTooLarge) { $0.payload = [UInt8](repeating: 0, count: Limits.payloadBytes + 1) }
        add(.invalidArgument) { $0.prompt = text(Limits.promptBytes + 1) }
        add(.invalidArgument) { $0.contentType = text(Limits.contentTypeBytes + 1) }
        add(.invalidArgument) { $0.tags = [""] }
        add(.invalidArgument) { $0.tags = [text(Limits.tagBytes + 1)] }
        add(.invalidArgument) { $0.tags = (0...Limits.tagCount).map(String.init) }
        add(.invalidArgument) { $0.dependencies = [Dependency("", .ordered(1))] }
        add(.invalidArgument) { $0.dependencies = [Dependency(text(Limits.sourceBytes + 1), .ordered(1))] }
        add(.invalidArgument) { $0.dependencies = [Dependency("a", .labelled(""))] }
        add(.invalidArgument) { $0.dependencies = [Dependency("a", .labelled(text(Limits.labelBytes + 1)))] }
        add(.invalidArgument) {
            $0.dependencies = (0...Limits.dependencyCount).map { Dependency("s\($0)", .ordered(1)) }
        }
        add(.invalidArgument) { $0.expiresAt = now }
        add(.invalidArgument) { $0.expiresAt = Timestamp(milliseconds: Limits.latestTimestampMilliseconds + 1) }
        add(.leaseRequired) { $0.dependencies = [Dependency("a")] }
        add(.badLease) { $0.lease = Lease(position: .zero, namespace: 0) }
        let lease = harness.lease()
        add(.badLease) { $0.lease = Lease(position: lease.position, namespace: lease.namespace ^ 1) }
        add(.badLease) {
            let ahead = Position(incarnation: lease.position.incarnation, sequence: lease.position.sequence + 1)
            $0.lease = Lease(position: ahead, namespace: lease.namespace)
        }
        #expect(harness.insert(Insertion(vector: [0, 1], payload: [])).entry != nil)
        var batch: [Insertion] = []
        for (index, (insertion, _)) in bad.enumerated() {
            batch.append(insertion)
            batch.append(Insertion(key: ExactKey(UInt128(index) + 100), vector: [1, Float(index)], payload: [1]))
        }
        let outcomes = harness.insert(batch)
        for (index, (_, code)) in bad.enumerated() {
            #expect(outcomes[2 * index].code == code, "row \(2 * index)")
            #expect(outcomes[2 * index + 1].entry != nil)
            if case .refused(let error) = outcomes[2 * index], code == .invalidVector {
                #expect(error.detail["row"] == String(2 * index))
            }
        }
        #expect(harness.description()?.entryCount == 1 + bad.count)
        #expect(harness.counter("insertsRefused") == bad.count)
    }

    @Test func theLargestPayloadIsStoredWhole() throws {
        let harness = try EngineHarness()
        var payload = [UInt8](repeating: 3, count: Limits.payloadBytes)
        payload[0] = 1
        payload[payload.count - 1] = 2
        let entry = try #require(harness.insert(Insertion(key: ExactKey(1), payload: payload)).entry)
        #expect(try harness.get(entry).get().payload == payload)
    }

    @Test func anEntryIsReadOnlyInItsScopeAndNamespace() throws {
        let harness = try EngineHarness()
        let entry = try #require(harness.insert(Insertion(scope: Scope(5), vector: [1, 0], payload: [1])).entry)
        harness.insert(Insertion(vector: [1, 0], payload: [2]), into: "other")
        #expect(try harness.get(entry, scope: Scope(5)).get().payload == [1])
        #expect(harness.get(entry, scope: Scope(6)).code == .entryNotFound)
        #expect(harness.get(entry, in: "other").code == .entryNotFound)
        #expect(harness.get(entry, in: "nowhere").code == .namespaceNotFound)
        #expect(harness.get(EntryIdentifier(99)).code == .entryNotFound)
    }

    @Test func deletingSaysWhichEntriesThereWere() throws {
        let harness = try EngineHarness()
        let entries = harness.insert((0..<4).map { Insertion(scope: Scope($0 % 2), vector: [1, 0], payload: []) })
            .compactMap(\.entry)
        #expect(
            harness.delete([entries[0], entries[0], EntryIdentifier(99), entries[1]]) == [true, false, false, true])
        #expect(harness.delete([entries[2]], scope: Scope(1)) == [false])
        #expect(harness.delete([entries[2]], scope: Scope(0)) == [true])
        #expect(harness.delete([entries[3]], in: "nowhere") == [false])
        #expect(harness.delete([]) == [])
        #expect(harness.lookup(Lookup(scope: Scope(1), vector: [1, 0])).hits.map(\.entry.identifier) == [entries[3]])
        #expect(harness.lookup(Lookup(scope: Scope(0), vector: [1, 0])).missReason == .nothingStored)
    }

    @Test func theDefaultTimeToLiveHoldsUnlessTheEntryNamesItsOwn() throws {
        let harness = try EngineHarness()
        _ = try harness.create(EngineHarness.namespace, NamespaceSettings(timeToLiveMilliseconds: 1_000)).get()
        let now = harness.clock.now
        harness.insert([
            Insertion(key: ExactKey(1), vector: [1, 0], payload: [1]),
            Insertion(key: ExactKey(2), vector: [1, 0], payload: [2], expiresAt: now.advanced(byMilliseconds: 5_000)),
        ])
        #expect(
            harness.lookup(Lookup(key: ExactKey(1))).hits.first?.entry.expiresAt == now.advanced(byMilliseconds: 1_000))
        harness.clock.advance(milliseconds: 1_000)
        #expect(harness.lookup(Lookup(key: ExactKey(1))).missReason == .expired)
        #expect(harness.lookup(Lookup(vector: [1, 0], neighbors: 5)).hits.map(\.entry.payload) == [[2]])
        #expect(harness.get(EntryIdentifier(1)).code == .entryNotFound)
        try harness.reopen()
        #expect(harness.lookup(Lookup(key: ExactKey(1))).missReason == .expired)
        harness.clock.advance(milliseconds: 4_000)
        #expect(harness.lookup(Lookup(vector: [1, 0])).missReason == .expired)
    }

    @Test func anEntryOlderThanALookupAllowsIsExpiredForThatLookupAlone() throws {
        let harness = try EngineHarness()
        harness.insert(Insertion(key: ExactKey(1), vector: [1, 0], payload: [1]))
        harness.clock.advance(milliseconds: 500)
        for lookup in [Lookup(key: ExactKey(1)), Lookup(vector: [1, 0])] {
            var lookup = lookup
            lookup.maximumAgeMilliseconds = 499
            #expect(harness.lookup(lookup).missReason == .expired)
            lookup.maximumAgeMilliseconds = 500
            #expect(harness.lookup(lookup).hits.first?.entry.ageMilliseconds == 500)
            lookup.maximumAgeMilliseconds = .max
            #expect(!harness.lookup(lookup).hits.isEmpty)
        }
    }

    /// A replacement must not leave a moment in which neither the old nor the new entry is found.
    @Test func readersNeverMissAnEntryThatIsBeingReplaced() throws {
        let harness = try EngineHarness { $0.searchThreads = 2 }
        let key = ExactKey(1)
        harness.insert(Insertion(key: key, vector: [1, 0, 0], payload: [0, 0]))
        harness.insert((0..<60).map { Insertion(vector: [0, 1, Float($0)], payload: []) })
        let engine = harness.engine
        let readers = (0..<2).map { _ in Reader(engine: engine) }
        let threads = readers.enumerated().map { index, reader in
            WorkerThread {
                reader.run(lookups: index == 0 ? Lookup(key: key) : Lookup(vector: [1, 0, 0], threshold: 0.99))
            }
        }
        for number in 1...250 {
            let vector: [Float] = [1, Float(number % 7) * 1e-3, 0]
            #expect(
                harness.insert(
                    Insertion(key: key, vector: vector, payload: [UInt8(number / 256), UInt8(number % 256)])
                ).entry != nil)
        }
        for reader in readers { reader.stop() }
        for thread in threads { thread.join() }
        for reader in readers {
            let seen = reader.seen
            #expect(seen.misses == 0 && seen.hits > 0)
            #expect(seen.isAscending, "an older answer came back after a newer one")
        }
    }
}
