import CacheEngine
import CacheModel
import CacheStorage
import HashTreeCollections
import Testing

@Suite struct NamespaceIndexTests {
    /// What the index should hold, kept in the simplest way.
    private struct Model {
        struct Entry {
            var scope: Scope
            var row: UInt32?
        }

        var entries: [UInt64: Entry] = [:]

        func rows(_ scope: Scope) -> [UInt32] { entries.values.filter { $0.scope == scope }.compactMap(\.row).sorted() }
        func count(_ scope: Scope) -> Int { entries.values.count { $0.scope == scope } }
    }

    private static func add(
        _ entry: UInt64, _ scope: Scope, hasRow: Bool, _ layout: BlockLayout, _ index: inout NamespaceIndex,
        _ model: inout Model
    ) throws {
        let number = index.addEntry(scope)
        var row: UInt32?
        if hasRow {
            let (block, slot) = try index.allocateRow(layout)
            let allocated = block * UInt32(layout.rowsPerBlock) + UInt32(slot)
            #expect(!model.entries.values.contains { $0.row == allocated }, "row \(allocated) was given out twice")
            let metadata = RowMetadata(
                entry: entry, createdAt: 0, expiresAt: 0, fillSequence: 0, scope: number, hasDependencies: false,
                hasTags: false)
            index.addRow(metadata, scope: scope, row: allocated, slot: slot, block: block)
            row = allocated
        }
        model.entries[entry] = Model.Entry(scope: scope, row: row)
    }

    private static func remove(_ entry: UInt64, _ index: inout NamespaceIndex, _ model: inout Model) {
        guard let known = model.entries.removeValue(forKey: entry) else { return }
        #expect(index.holds(EntryIdentifier(entry), row: known.row))
        if let row = known.row, let emptied = index.removeRow(row, scope: known.scope) { index.removeBlock(emptied) }
        index.removeEntry(known.scope)
        if known.row != nil { #expect(!index.holds(EntryIdentifier(entry), row: known.row)) }
    }

    private static func expectEqual(_ index: NamespaceIndex, _ model: Model, _ layout: BlockLayout) {
        #expect(index.checkInvariants())
        #expect(index.entryCount == model.entries.count)
        #expect(index.rowCount == model.entries.values.count { $0.row != nil })
        let scopes = Set(model.entries.values.map(\.scope))
        #expect(Set(index.scopes.keys) == scopes)
        for scope in scopes {
            var rows: [UInt32] = []
            index.scopes[scope]?.rows.forEach { rows.append($0) }
            #expect(rows == model.rows(scope))
            #expect(index.scopes[scope]?.entryCount == model.count(scope))
        }
        for (entry, known) in model.entries {
            guard let row = known.row else { continue }
            let block = index[row / UInt32(layout.rowsPerBlock)]
            let metadata = block?.metadata[Int(row) % layout.rowsPerBlock]
            #expect(metadata?.entry == entry && metadata?.scope == index.scopes[known.scope]?.number)
        }
    }

    @Test(arguments: [(4_096, 1), (384, 2), (1_500, 3)] as [(Int, UInt64)])
    func theIndexHoldsWhatWasAddedAndNotRemoved(dimension: Int, seed: UInt64) throws {
        var random = HistoryRandom(seed: seed)
        let layout = BlockLayout(dimension: dimension)
        var index = NamespaceIndex(dimension: dimension)
        var model = Model()
        var next: UInt64 = 1
        for step in 0..<1_500 {
            if model.entries.isEmpty || random.chance(step / 500 == 1 ? 0.3 : 0.6) {
                let scope = Scope(UInt128(Int.random(in: 0..<(random.chance(0.5) ? 3 : 40), using: &random)))
                try Self.add(next, scope, hasRow: random.chance(0.8), layout, &index, &model)
                next += 1
            } else {
                Self.remove(random.pick(model.entries.keys.sorted()), &index, &model)
            }
            if step % 50 == 0 { Self.expectEqual(index, model, layout) }
        }
        Self.expectEqual(index, model, layout)
        for entry in model.entries.keys.sorted() { Self.remove(entry, &index, &model) }
        Self.expectEqual(index, model, layout)
    }

    @Test func aCopyIsNotChangedByWhatHappensToTheOriginal() throws {
        let layout = BlockLayout(dimension: 4_096)
        var index = NamespaceIndex(dimension: 4_096)
        var model = Model()
        for entry in 1...200 as ClosedRange<UInt64> {
            try Self.add(entry, Scope(UInt128(entry % 5)), hasRow: true, layout, &index, &model)
        }
        let (copy, copiedModel) = (index, model)
        for entry in 1...200 as ClosedRange<UInt64> where entry % 2 == 0 { Self.remove(entry, &index, &model) }
        for entry in 201...300 as ClosedRange<UInt64> {
            try Self.add(entry, Scope(9), hasRow: true, layout, &index, &model)
        }
        Self.expectEqual(index, model, layout)
        // Every row is still where it was; what a slot holds may only change once no view shows it any more.
        #expect(copy.entryCount == 200 && copy.rowCount == 200 && copy.checkInvariants())
        for (entry, known) in copiedModel.entries { #expect(copy.holds(EntryIdentifier(entry), row: known.row)) }
    }

    @Test func anIndexLoadedFromAStoreIsTheOneThatWasThere() throws {
        var random = HistoryRandom(seed: 4)
        let layout = BlockLayout(dimension: 1_500)
        var index = NamespaceIndex(dimension: 1_500)
        var model = Model()
        for entry in 1...400 as ClosedRange<UInt64> {
            try Self.add(entry, Scope(UInt128(entry % 7)), hasRow: entry % 5 != 0, layout, &index, &model)
        }
        for entry in 1...400 as ClosedRange<UInt64> where random.chance(0.6) { Self.remove(entry, &index, &model) }

        var loaded = NamespaceIndex(dimension: 1_500)
        let place = UnsafeMutablePointer<Float>.allocate(capacity: 1)
        defer { place.deallocate() }
        var blocks: [UInt32] = []
        index.forEachBlock { number, _ in blocks.append(number) }
        for number in blocks.shuffled(using: &random) { loaded.loadBlock(number, layout, rows: place) }
        for (entry, known) in model.entries.shuffled(using: &random) {
            let number = loaded.addEntry(known.scope)
            guard let row = known.row else { continue }
            let metadata = RowMetadata(
                entry: entry, createdAt: 0, expiresAt: 0, fillSequence: 0, scope: number, hasDependencies: false,
                hasTags: false)
            loaded.addRow(
                metadata, scope: known.scope, row: row, slot: Int(row) % layout.rowsPerBlock,
                block: row / UInt32(layout.rowsPerBlock))
        }
        loaded.finishLoading()
        Self.expectEqual(loaded, model, layout)
        // And it goes on without giving a row out twice.
        for entry in 401...500 as ClosedRange<UInt64> {
            try Self.add(entry, Scope(1), hasRow: true, layout, &loaded, &model)
        }
        Self.expectEqual(loaded, model, layout)
    }

    @Test func numbersOfDamagedBlocksAreNotUsedAgain() throws {
        let layout = BlockLayout(dimension: 4_096)
        var index = NamespaceIndex(dimension: 4_096)
        index.finishLoading(damaged: [0, 2])
        var model = Model()
        for entry in 1...30 as ClosedRange<UInt64> {
            try Self.add(entry, .shared, hasRow: true, layout, &index, &model)
        }
        Self.expectEqual(index, model, layout)
        #expect(index[0] == nil && index[2] == nil && index[1] != nil)
    }
}
