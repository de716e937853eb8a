import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Testing

/// Damage to single records: they are never served, and everything else is.
@Suite struct RecoveryTests {
    private static let count = 100

    /// 42 rows in a block: three blocks, the last one open.
    private static func insertion(_ number: Int) -> Insertion {
        var vector = [Float](repeating: 0.01, count: 384)
        vector[number] = 1
        return Insertion(
            scope: Scope(UInt128(number % 2)), key: ExactKey(UInt128(number)), vector: vector,
            prompt: "question \(number)",
            payload: (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number &* 13) }, tags: ["t\(number % 5)"])
    }

    private static func filledHarness() throws -> EngineHarness {
        let harness = try EngineHarness()
        #expect(harness.insert((0..<count).map(insertion)).allSatisfy { $0.entry != nil })
        return harness
    }

    /// Writes other bytes under a key while the store is closed.
    private static func change(
        _ harness: EngineHarness, _ table: Table, _ key: [UInt8], _ body: (inout [UInt8]) -> Void
    ) throws {
        try harness.examine { environment in
            let writer = try environment.beginWrite()
            var bytes = Array(try #require(try writer.value(table, key)))
            body(&bytes)
            try writer.put(table, key, bytes)
            try writer.commit(.entries)
        }
    }

    private static let content = ContentIdentifier(1)

    private static func key(of number: Int) -> [UInt8] {
        StorageKey.entry(content, EntryIdentifier(UInt64(number + 1)))
    }

    /// Of the payload, which lies as the rows do: in the order of the insertions.
    private static func rowKey(of number: Int) -> [UInt8] {
        StorageKey.row(content, UInt32(number))
    }

    private static func find(_ harness: EngineHarness, _ number: Int) -> (key: [UInt8]?, vector: [UInt8]?) {
        let wanted = insertion(number)
        let byKey = harness.lookup(Lookup(scope: wanted.scope, key: wanted.key))
        let byVector = harness.lookup(Lookup(scope: wanted.scope, vector: wanted.vector, threshold: 0.9))
        return (byKey.hits.first?.entry.payload, byVector.hits.first?.entry.payload)
    }

    private static func expectAllServed(_ harness: EngineHarness, except damaged: Set<Int>) {
        for number in 0..<count where !damaged.contains(number) {
            let found = find(harness, number)
            let payload = insertion(number).payload
            #expect(found.key == payload && found.vector == payload, "entry \(number)")
        }
    }

    @Test func aDamagedEntryRecordIsNotServedAndGoneAfterTheStart() throws {
        let harness = try Self.filledHarness()
        try Self.change(harness, .entries, Self.key(of: 3)) { $0[20] ^= 1 }
        #expect(harness.engine.opening.damagedEntryCount == 1 && harness.engine.opening.entryCount == Self.count - 1)
        #expect(harness.engine.opening.quarantinedTo == nil)
        #expect(Self.find(harness, 3) == (nil, nil))
        #expect(harness.get(EntryIdentifier(4)).code == .entryNotFound)
        Self.expectAllServed(harness, except: [3])
        #expect(harness.insert(Self.insertion(3)).entry != nil)
        Self.expectAllServed(harness, except: [])
        try harness.reopen()
        #expect(harness.engine.opening.damagedEntryCount == 0 && harness.description()?.entryCount == Self.count)
        Self.expectAllServed(harness, except: [])
    }

    @Test func aDamagedPayloadIsNotServedAndTheNextBestIs() throws {
        let harness = try Self.filledHarness()
        var near = Self.insertion(4)
        near.key = nil
        near.vector?[5] = 0.05
        near.payload = [9]
        harness.insert(near)
        try Self.change(harness, .rowPayloads, Self.rowKey(of: 4)) { $0[$0.count / 2] ^= 0x80 }
        #expect(harness.engine.opening.damagedEntryCount == 0)
        let found = Self.find(harness, 4)
        #expect(found.key == nil && found.vector == [9])
        #expect(harness.get(EntryIdentifier(5)).code == .storeDamaged)
        #expect(harness.counter("damagedRecords") > 0)
        Self.expectAllServed(harness, except: [4])
        // It can be replaced and deleted as any other.
        #expect(harness.delete([EntryIdentifier(5)]) == [true])
        #expect(harness.get(EntryIdentifier(5)).code == .entryNotFound)
    }

    @Test func aMissingPayloadIsDamageToo() throws {
        let harness = try Self.filledHarness()
        try harness.examine { environment in
            let writer = try environment.beginWrite()
            try writer.delete(.rowPayloads, Self.rowKey(of: 6))
            try writer.commit(.entries)
        }
        #expect(Self.find(harness, 6) == (nil, nil))
        Self.expectAllServed(harness, except: [6])
    }

    @Test func aDamagedRowIsNeverAHitByItsVector() throws {
        let harness = try Self.filledHarness()
        let layout = BlockLayout(dimension: 384)
        // Row 50 is slot 8 of block 1.
        try Self.change(harness, .blocks, StorageKey.block(Self.content, 1)) { bytes in
            bytes[BlockLayout.headerBytes + 8 * layout.stride * 4 + 50 * 4 + 2] ^= 4
        }
        let found = Self.find(harness, 50)
        // What the exact key leads to is whole.
        #expect(found.vector == nil && found.key == Self.insertion(50).payload)
        #expect(harness.counter("damagedRecords") > 0)
        Self.expectAllServed(harness, except: [50])
        // Compacting must not give a damaged row a new checksum.
        #expect(
            harness.delete((42..<84).filter { $0 != 50 && $0 % 4 != 0 }.map { EntryIdentifier(UInt64($0 + 1)) })
                .allSatisfy { $0 })
        harness.reclaim()
        #expect(Self.find(harness, 50).vector == nil)
        for number in 42..<84 where number % 4 == 0 {
            #expect(Self.find(harness, number).vector == Self.insertion(number).payload)
        }
    }

    /// The entries of a damaged block are gone, and their rows' numbers are nobody else's.
    @Test func aDamagedBlockTakesItsEntriesAndNoOthers() throws {
        let harness = try Self.filledHarness()
        try Self.change(harness, .blocks, StorageKey.block(Self.content, 1)) { $0[4] ^= 1 }
        #expect(harness.engine.opening.damagedEntryCount == 42 && harness.engine.opening.entryCount == Self.count - 42)
        for number in 42..<84 { #expect(Self.find(harness, number) == (nil, nil)) }
        Self.expectAllServed(harness, except: Set(42..<84))
        // New rows fill the open block and the next ones; deleting what is gone takes nothing of theirs.
        #expect(harness.insert((42..<84).map(Self.insertion)).allSatisfy { $0.entry != nil })
        #expect(harness.delete((42..<84).map { EntryIdentifier(UInt64($0 + 1)) }).allSatisfy { !$0 })
        Self.expectAllServed(harness, except: [])
        #expect(harness.description()?.entryCount == Self.count && harness.description()?.rowCount == Self.count)
        try harness.reopen()
        #expect(harness.engine.opening.damagedEntryCount == 0 && harness.description()?.entryCount == Self.count)
        Self.expectAllServed(harness, except: [])
        #expect(try harness.recordCounts()[.blocks] == 3)
    }

    @Test func aMissingBlockIsDamageToo() throws {
        let harness = try Self.filledHarness()
        try harness.examine { environment in
            let writer = try environment.beginWrite()
            try writer.delete(.blocks, StorageKey.block(Self.content, 0))
            try writer.commit(.entries)
        }
        #expect(harness.engine.opening.damagedEntryCount == 42)
        #expect(harness.insert((0..<42).map(Self.insertion)).allSatisfy { $0.entry != nil })
        Self.expectAllServed(harness, except: [])
        try harness.reopen()
        Self.expectAllServed(harness, except: [])
    }

    @Test func aDamagedKeyLeadsToNothingAndCanBeUsedAgain() throws {
        let harness = try Self.filledHarness()
        let insertion = Self.insertion(7)
        try Self.change(harness, .keys, StorageKey.exactKey(Self.content, insertion.scope, try #require(insertion.key)))
        { $0[0] ^= 1 }
        let found = Self.find(harness, 7)
        #expect(found.key == nil && found.vector == insertion.payload)
        // The other rows of the batch are stored as well.
        let outcomes = harness.insert([insertion, Self.insertion(8)])
        #expect(outcomes.map(\.code) == [nil, nil])
        Self.expectAllServed(harness, except: [])
    }

    /// The map shows what the file has, also while the store is open.
    @Test func bytesThatGoBadWhileTheStoreIsOpenAreNotServed() throws {
        let harness = try Self.filledHarness()
        Self.expectAllServed(harness, except: [])
        let url = URL(filePath: harness.storePath + "/data.mdb")
        let file = try FileHandle(forUpdating: url)
        let bytes = try Data(contentsOf: url)
        let damaged: Set = [11, 60, 99]
        for number in damaged {
            var position = bytes.startIndex
            // Older copies of a page may still lie about.
            while let range = bytes.range(of: Data(Self.insertion(number).payload), in: position..<bytes.endIndex) {
                try file.seek(toOffset: UInt64(range.lowerBound + 100))
                try file.write(contentsOf: Data([bytes[range.lowerBound + 100] ^ 0xFF]))
                position = range.upperBound
            }
            #expect(position > bytes.startIndex)
        }
        try file.close()
        for number in damaged { #expect(Self.find(harness, number) == (nil, nil)) }
        Self.expectAllServed(harness, except: damaged)
        #expect(harness.counter("damagedRecords") > 0)
    }

    /// LMDB's node: length (4 bytes), flags, length of the key (2 bytes each), the key of 8 bytes, the value.
    @Test func aLengthThatLeadsBeyondTheFileIsNotFollowed() throws {
        let harness = try Self.filledHarness()
        let damaged = 33
        let url = URL(filePath: harness.storePath + "/data.mdb")
        let file = try FileHandle(forUpdating: url)
        let bytes = try Data(contentsOf: url)
        let record = Data("question \(damaged)".utf8) + Data(Self.insertion(damaged).payload)
        var position = bytes.startIndex
        while let range = bytes.range(of: record, in: position..<bytes.endIndex) {
            #expect(bytes[range.lowerBound - 10] == 8)
            // 240 MB, of which the file has none.
            try file.seek(toOffset: UInt64(range.lowerBound - 13))
            try file.write(contentsOf: Data([0x0F]))
            position = range.upperBound
        }
        try file.close()
        #expect(position > bytes.startIndex)
        for _ in 0..<2 {
            #expect(Self.find(harness, damaged) == (nil, nil))
            #expect(harness.get(EntryIdentifier(UInt64(damaged + 1))).code == .storeDamaged)
            Self.expectAllServed(harness, except: [damaged])
            try harness.reopen()
        }
    }

    @Test func aDamagedOldestEntryDoesNotKeepAFullNamespaceFromTakingMore() throws {
        let harness = try EngineHarness()
        _ = try harness.create(EngineHarness.namespace, NamespaceSettings(capacity: 4)).get()
        harness.insert((0..<4).map(Self.insertion))
        try Self.change(harness, .entries, Self.key(of: 0)) { $0[0] ^= 1 }
        for number in 4..<8 { #expect(harness.insert(Self.insertion(number)).entry != nil) }
        #expect(harness.entries(through: 8).map(\.identifier.number) == [5, 6, 7, 8])
        #expect(harness.description()?.entryCount == 4)
    }

    private static let strictCases: [(Table, [UInt8])] = [
        (.rowPayloads, rowKey(of: 3)), (.keys, StorageKey.exactKey(content, Scope(1), ExactKey(3))),
        (.entries, key(of: 3)), (.blocks, StorageKey.block(content, 0)),
    ]

    @Test(arguments: strictCases.indices)
    func aStrictStartRefusesAnyDamage(index: Int) throws {
        let (table, key) = Self.strictCases[index]
        let harness = try Self.filledHarness()
        harness.engine.close()
        do {
            let environment = try StorageEnvironment(
                directory: harness.storePath, options: harness.configuration.storage)
            let writer = try environment.beginWrite()
            var bytes = Array(try #require(try writer.value(table, key)))
            bytes[5] ^= 1
            try writer.put(table, key, bytes)
            try writer.commit(.entries)
        }
        var strict = harness.configuration
        strict.isStrict = true
        do throws(CacheError) {
            _ = try Engine.open(strict)
            Issue.record("damage to \(table) was not noticed")
        } catch {
            #expect(error.code == .storeDamaged)
        }
    }
}
