import CacheEngine
import CacheModel
import CacheStorage
import Testing

/// Small payloads lie as the rows of their entries do, and go where those go.
@Suite struct PayloadPlaceTests {
    private static let content = ContentIdentifier(1)

    /// 42 rows of 384 dimensions lie in a block.
    private static func insertion(_ number: Int, bytes: Int = 300) -> Insertion {
        var random = HistoryRandom(seed: UInt64(number))
        return Insertion(
            key: ExactKey(UInt128(number)), vector: (0..<384).map { _ in Float.random(in: -1...1, using: &random) },
            prompt: number % 2 == 0 ? "question \(number)" : nil,
            payload: (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) })
    }

    private static func expectServed(_ harness: EngineHarness, _ numbers: [Int], bytes: (Int) -> Int = { _ in 300 }) {
        for number in numbers {
            let expected = insertion(number, bytes: bytes(number))
            for lookup in [Lookup(key: expected.key), Lookup(vector: expected.vector, threshold: 0.99)] {
                let entry = harness.lookup(lookup).hits.first?.entry
                #expect(entry?.payload == expected.payload && entry?.prompt == expected.prompt, "\(number)")
            }
        }
    }

    private static func counts(_ harness: EngineHarness) throws -> [Int] {
        try harness.examine { environment in
            let reader = try environment.beginRead()
            return [try reader.recordCount(.rowPayloads), try reader.recordCount(.payloads)]
        }
    }

    /// Deletes two of three, so that all blocks are given up but the open one.
    private static func thinOut(_ harness: EngineHarness, _ count: Int) -> [Int] {
        harness.delete((0..<count).filter { $0 % 3 != 0 }.map { EntryIdentifier(UInt64($0 + 1)) })
        harness.reclaim()
        return (0..<count).filter { $0 % 3 == 0 }
    }

    @Test func whatSharesItsPagesLiesWithTheRowAndTheRestWithTheEntry() throws {
        let harness = try EngineHarness()
        harness.insert(Self.insertion(0))
        harness.insert(Self.insertion(1, bytes: 5_000))
        harness.insert(Insertion(key: ExactKey(2), payload: [2]))
        #expect(try Self.counts(harness) == [1, 2])
        try harness.examine { environment in try StoreWalk(environment: environment).run() }
        Self.expectServed(harness, [0, 1]) { $0 == 0 ? 300 : 5_000 }
        harness.delete([EntryIdentifier(1), EntryIdentifier(2), EntryIdentifier(3)])
        #expect(try Self.counts(harness) == [0, 0])
    }

    @Test func payloadsMoveWithTheirRows() throws {
        let harness = try EngineHarness()
        let bytes: (Int) -> Int = { $0 % 4 == 0 ? 4_000 : 300 }
        harness.insert((0..<200).map { Self.insertion($0, bytes: bytes($0)) })
        let kept = Self.thinOut(harness, 200)
        Self.expectServed(harness, kept, bytes: bytes)
        // None is left where its row was.
        #expect(try Self.counts(harness) == [50, 17])
        Self.expectServed(harness, kept, bytes: bytes)
        try harness.examine { environment in
            let report = try StoreWalk(environment: environment).run()
            #expect(report.entryCount == 67 && report.rowCount == 67)
        }
    }

    /// Before format 5 payloads lay with their entries.
    @Test func payloadsOfAnEarlierFormatAreFoundAndMoveWithTheirRows() throws {
        let harness = try EngineHarness()
        harness.insert((0..<130).map { Self.insertion($0) })
        try harness.examine { environment in
            let writer = try environment.beginWrite()
            for number in 0..<UInt32(130) {
                let key = StorageKey.row(Self.content, number)
                let bytes = Array(try #require(try writer.value(.rowPayloads, key)))
                try writer.put(.payloads, StorageKey.entry(Self.content, EntryIdentifier(UInt64(number) + 1)), bytes)
                try writer.delete(.rowPayloads, key)
            }
            try writer.commit(.entries)
        }
        Self.expectServed(harness, Array(0..<130))
        try harness.examine { environment in try StoreWalk(environment: environment).run() }
        let kept = Self.thinOut(harness, 130)
        Self.expectServed(harness, kept)
        // Those of the open block, which has not been given up, are where they were.
        let counts = try Self.counts(harness)
        #expect(counts[0] + counts[1] == kept.count && counts[1] <= 2)
        harness.delete(kept.map { EntryIdentifier(UInt64($0 + 1)) })
        #expect(try Self.counts(harness) == [0, 0])
    }

    /// The number of a block is used again, and so are those of its rows.
    @Test func aPayloadThatRemainsIsNotTakenForThatOfTheNextEntry() throws {
        let configure: (inout EngineConfiguration) -> Void = { $0.eviction.entryLimit = 60 }
        let harness = try EngineHarness(configure: configure)
        for number in 0..<400 { harness.insert(Self.insertion(number)) }
        let kept = (0..<400).filter { number in
            !harness.lookup(Lookup(key: ExactKey(UInt128(number)), omitsPayload: true)).hits.isEmpty
        }
        #expect((1...60).contains(kept.count))
        Self.expectServed(harness, kept)
        try harness.reopen(configure: configure)
        Self.expectServed(harness, kept)
        #expect(try Self.counts(harness)[0] < 300)
    }
}
