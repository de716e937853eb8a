import CacheEngine
import CacheModel
import CacheStorage
import Testing

/// Keys that wait for others on their page are found all the same, by everybody and after every start.
@Suite struct RecentKeysTests {
    private static let content = ContentIdentifier(1)

    private static let holdsFew: @Sendable (inout EngineConfiguration) -> Void = {
        $0.eviction.entryLimit = 1_000
        $0.storage.durability = .relaxed
    }

    /// Fingerprints, so that keys do not come in their order.
    private static func key(_ number: Int) -> ExactKey {
        ExactKey(UInt128(UInt64(number) &* 0x9E37_79B9_7F4A_7C15) << 64 | UInt128(number))
    }

    private static func insertion(_ number: Int, version: Int = 0, cost: UInt64? = nil) -> Insertion {
        Insertion(
            key: key(number), vector: [1, Float(number % 1_000), Float(number / 1_000), Float(version)],
            payload: [UInt8(number & 255), UInt8(number >> 8), UInt8(version)],
            costSavedNanodollars: cost ?? UInt64(number &* 7_919 % 1_009 + 1))
    }

    private static func payload(_ harness: EngineHarness, _ number: Int) -> [UInt8]? {
        harness.lookup(Lookup(key: key(number))).hits.first?.entry.payload
    }

    private static func keyCount(_ harness: EngineHarness) throws -> Int { try harness.recordCounts()[.keys] ?? 0 }

    @Test func keysThatWaitAreFoundAndReplacedAndDeleted() throws {
        let harness = try EngineHarness()
        for start in stride(from: 0, to: 1_600, by: 200) {
            #expect(harness.insert((start..<start + 200).map { Self.insertion($0) }).allSatisfy { $0.entry != nil })
        }
        // Some are in the table and others wait.
        for _ in 0..<2 {
            #expect((1...1_599).contains(try Self.keyCount(harness)))
            for number in 0..<1_600 { #expect(Self.payload(harness, number) == Self.insertion(number).payload) }
        }
        for number in stride(from: 0, to: 1_600, by: 50) {
            guard case .stored(_, let replaced)? = harness.insert([Self.insertion(number, version: 1)]).first else {
                return #expect(Bool(false))
            }
            #expect(replaced == EntryIdentifier(UInt64(number + 1)))
            #expect(Self.payload(harness, number) == Self.insertion(number, version: 1).payload)
        }
        let deleted = (0..<1_600).filter { $0 % 50 == 1 }
        #expect(harness.delete(deleted.map { EntryIdentifier(UInt64($0 + 1)) }).allSatisfy { $0 })
        for _ in 0..<2 {
            for number in deleted { #expect(Self.payload(harness, number) == nil) }
            for number in stride(from: 0, to: 1_600, by: 50) {
                #expect(Self.payload(harness, number) == Self.insertion(number, version: 1).payload)
            }
            try harness.reopen()
        }
        try harness.examine { environment in try StoreWalk(environment: environment).run() }
    }

    @Test func aFullStoreForgetsKeysAsItForgetsEntries() throws {
        let harness = try EngineHarness(configure: Self.holdsFew)
        var next = 0
        for round in 0..<60 {
            #expect(harness.insert((next..<next + 150).map { Self.insertion($0) }).allSatisfy { $0.entry != nil })
            next += 150
            guard round % 20 == 19 else { continue }
            let held = (0..<next).filter { Self.payload(harness, $0) != nil }
            #expect(held.count == harness.description()?.entryCount)
            for number in held { #expect(Self.payload(harness, number) == Self.insertion(number).payload) }
            #expect(try harness.examine { environment in try StoreSummary(of: environment).entryCount } == held.count)
            try harness.reopen(configure: Self.holdsFew)
            #expect((0..<next).filter { Self.payload(harness, $0) != nil } == held)
        }
        // Besides what lives, the table has keys of the dead rows that are not given up, and of those that wait to go.
        #expect(try Self.keyCount(harness) < 3_500)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func whateverHappensAKeyLeadsToItsLastEntryOrToNoneForGood(seed: UInt64) throws {
        let configure: (inout EngineConfiguration) -> Void = {
            $0.eviction.entryLimit = 80
            $0.storage.durability = .relaxed
            $0.leastRecentKeys = 1
        }
        let harness = try EngineHarness(configure: configure)
        var random = HistoryRandom(seed: seed)
        var versions: [Int: (version: Int, entry: EntryIdentifier)] = [:]
        var version = 0
        func check(_ numbers: some Sequence<Int>) {
            for number in numbers {
                let found = Self.payload(harness, number)
                guard let known = versions[number] else {
                    #expect(found == nil, "\(number) was deleted or evicted, and is back")
                    continue
                }
                if let found {
                    #expect(found == Self.insertion(number, version: known.version).payload)
                } else {
                    versions[number] = nil
                }
            }
        }
        for step in 1...400 {
            if Int.random(in: 0..<5, using: &random) == 0 {
                let number = Int.random(in: 0..<150, using: &random)
                if let known = versions[number], harness.delete([known.entry]) == [true] { versions[number] = nil }
            } else {
                version = (version + 1) % 256
                let count = Int.random(in: 1...12, using: &random)
                let numbers = Set((0..<count).map { _ in Int.random(in: 0..<150, using: &random) }).sorted()
                let outcomes = harness.insert(
                    numbers.map {
                        Self.insertion($0, version: version, cost: UInt64.random(in: 1...1_000, using: &random))
                    })
                for (number, outcome) in zip(numbers, outcomes) {
                    versions[number] = (version, try #require(outcome.entry))
                }
            }
            check((0..<5).map { _ in Int.random(in: 0..<150, using: &random) })
            guard step % 25 == 0 else { continue }
            check(0..<150)
            #expect(versions.count == harness.description()?.entryCount)
            if step % 50 == 0 { try harness.reopen(configure: configure) }
            check(0..<150)
            #expect(versions.count == harness.description()?.entryCount)
        }
        try harness.examine { environment in try StoreWalk(environment: environment).run() }
    }

    /// What was to go from the table when the service ended is not known any more.
    @Test func keysThatLeadNowhereAreFoundAfterAStart() throws {
        let harness = try EngineHarness(configure: Self.holdsFew)
        for start in stride(from: 0, to: 3_000, by: 150) {
            harness.insert((start..<start + 150).map { Self.insertion($0) })
        }
        try harness.examine { environment in
            let writer = try environment.beginWrite()
            for number in 0..<2_000 {
                let key = StorageKey.exactKey(Self.content, .shared, ExactKey(UInt128(number * 7_919) << 108))
                var record = RecordWriter(capacity: 16)
                record.append(UInt64(1 << 40))
                try writer.put(.keys, key, record.sealed(seed: Checksum.of(key)))
            }
            try writer.commit(.entries)
        }
        #expect(try Self.keyCount(harness) > 3_000)
        for start in stride(from: 3_000, to: 6_000, by: 150) {
            harness.insert((start..<start + 150).map { Self.insertion($0) })
        }
        #expect(try Self.keyCount(harness) < 3_500)
    }
}
