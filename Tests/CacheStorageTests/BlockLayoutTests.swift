import CacheModel
import CacheStorage
import Testing

@Suite struct BlockLayoutTests {
    @Test func rowsAndTrailersOfEveryDimensionFitAndDoNotOverlap() {
        for dimension in Limits.dimensionRange {
            let layout = BlockLayout(dimension: dimension)
            let rowBytes = layout.stride * 4
            let lastRowEnd = BlockLayout.headerBytes + layout.rowsPerBlock * rowBytes
            let fits =
                layout.dimension == dimension && layout.stride >= dimension && layout.stride < dimension + 16
                && layout.rowsPerBlock >= 3
                && lastRowEnd + layout.rowsPerBlock * BlockLayout.trailerBytes <= Limits.blockBytes
                // One more would not fit.
                && lastRowEnd + rowBytes + (layout.rowsPerBlock + 1) * BlockLayout.trailerBytes > Limits.blockBytes
            // LMDB's page header is 16 bytes, and pages lie at multiples of their size.
            let isAligned = (16 + BlockLayout.headerBytes) % 64 == 0 && rowBytes % 64 == 0
            #expect(fits && isAligned, "dimension \(dimension)")
        }
        #expect(BlockLayout(dimension: 384).rowsPerBlock == 42)
    }

    private static func block(_ layout: BlockLayout, seed: UInt64) -> (bytes: [UInt8], rows: [[Float]]) {
        var random = SeededGenerator(seed: seed)
        var bytes = layout.emptyBlock(content: ContentIdentifier(7), number: 3)
        let rows = (0..<layout.rowsPerBlock).map { slot -> [Float] in
            let row =
                (0..<layout.dimension).map { _ in Float.random(in: -1...1, using: &random) }
                + [Float](repeating: 0, count: layout.stride - layout.dimension)
            row.withUnsafeBufferPointer {
                layout.write(row: $0, entry: EntryIdentifier(UInt64(slot) + 100), slot: slot, into: &bytes)
            }
            return row
        }
        return (bytes, rows)
    }

    /// Blocks as the map has them, so that what is promised of pointers is checked on LMDB's own.
    @Test func rowsReadFromTheMapAreAlignedAndIntact() throws {
        let directory = TemporaryDirectory()
        let environment = try directory.environment()
        let dimensions = [1, 2, 15, 16, 17, 100, 384, 768, 1_023, 1_536, 3_072, 4_095, 4_096]
        let blocks = dimensions.map { Self.block(BlockLayout(dimension: $0), seed: UInt64($0)) }
        let writer = try environment.beginWrite()
        for (index, block) in blocks.enumerated() {
            try writer.put(.blocks, StorageKey.block(ContentIdentifier(7), UInt32(index)), block.bytes)
        }
        try writer.commit(.entries)
        let reader = try environment.beginRead()
        for (index, dimension) in dimensions.enumerated() {
            let layout = BlockLayout(dimension: dimension)
            let value = try #require(try reader.value(.blocks, StorageKey.block(ContentIdentifier(7), UInt32(index))))
            let rows = try layout.rows(of: value, content: ContentIdentifier(7), number: 3)
            #expect(Int(bitPattern: rows) % 64 == 0)
            for (slot, row) in blocks[index].rows.enumerated() {
                let stored = UnsafeBufferPointer(start: rows.advanced(by: slot * layout.stride), count: layout.stride)
                #expect(stored.elementsEqual(row))
                #expect(layout.isIntact(rows: rows, slot: slot, entry: EntryIdentifier(UInt64(slot) + 100)))
                #expect(!layout.isIntact(rows: rows, slot: slot, entry: EntryIdentifier(UInt64(slot) + 101)))
            }
            #expect(!layout.isIntact(rows: rows, slot: layout.rowsPerBlock, entry: EntryIdentifier(0)))
        }
        withExtendedLifetime(reader) {}
    }

    @Test func aFlippedBitDamagesItsRowAndNoOther() throws {
        let layout = BlockLayout(dimension: 384)
        let block = Self.block(layout, seed: 1)
        var random = SeededGenerator(seed: 2)
        for _ in 0..<8 {
            let damaged = Int.random(in: 0..<layout.rowsPerBlock, using: &random)
            let isTrailer = Bool.random(using: &random)
            let offset =
                isTrailer
                ? BlockLayout.headerBytes + layout.rowsPerBlock * layout.stride * 4 + damaged * BlockLayout.trailerBytes
                    + Int.random(in: 0..<BlockLayout.trailerBytes, using: &random)
                : BlockLayout.headerBytes + damaged * layout.stride * 4
                    + Int.random(in: 0..<layout.stride * 4, using: &random)
            var bytes = block.bytes
            bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try bytes.withUnsafeBytes { bytes in
                let rows = try layout.rows(of: bytes, content: ContentIdentifier(7), number: 3)
                for slot in 0..<layout.rowsPerBlock {
                    let isIntact = layout.isIntact(rows: rows, slot: slot, entry: EntryIdentifier(UInt64(slot) + 100))
                    #expect(isIntact == (slot != damaged))
                }
            }
        }
    }

    @Test func aBlockOfAnotherPlaceOrLayoutIsRefused() throws {
        let layout = BlockLayout(dimension: 20)
        let bytes = layout.emptyBlock(content: ContentIdentifier(7), number: 3)
        func isTaken(_ bytes: [UInt8], _ layout: BlockLayout, _ content: UInt32, _ number: UInt32) -> Bool {
            bytes.withUnsafeBytes { bytes in
                (try? layout.rows(of: bytes, content: ContentIdentifier(content), number: number)) != nil
            }
        }
        #expect(isTaken(bytes, layout, 7, 3))
        #expect(!isTaken(bytes, layout, 8, 3))
        #expect(!isTaken(bytes, layout, 7, 4))
        // The same stride, but another dimension.
        #expect(!isTaken(bytes, BlockLayout(dimension: 21), 7, 3))
        #expect(!isTaken(Array(bytes.dropLast()), layout, 7, 3))
        #expect(!isTaken([], layout, 7, 3))
        for position in 0..<BlockLayout.headerBytes {
            var flipped = bytes
            flipped[position] ^= 0x10
            #expect(!isTaken(flipped, layout, 7, 3), "byte \(position) of the header")
        }
    }
}
