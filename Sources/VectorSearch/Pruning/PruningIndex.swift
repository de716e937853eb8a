package import CacheModel

/// The sketches of many rows, in cells: what rules out nearly all rows before a vector is read.
///
/// A persistent value: readers search the copy that they hold while the writer inserts into its own. Rows are never
/// removed one by one; the verdict of a search ignores those that are gone, and a rebuild leaves them out.
package struct PruningIndex: Sendable {
    package let partition: PruningPartition
    /// The rows that it was built from; nil for an index that began empty.
    private(set) var base: PruningBase?
    /// The rows inserted since.
    private(set) var cells: [PruningCell]
    /// Cells that rows were inserted into.
    private(set) var grown: [Bool]
    private(set) var hasGrown = false
    /// Lowest and highest cosine of a row to the centroid of its cell; 2 and -2 for a cell without rows.
    private(set) var low: [Float]
    private(set) var high: [Float]
    /// Rows inserted, those removed since included.
    package private(set) var rowCount = 0
    /// Those of them that lie in pieces of their own, as they came: a search finds them more slowly than those that the index
    /// was built from.
    package private(set) var grownRowCount = 0
    /// Memory of the rows: sketches, records and what their blocks are described by.
    package private(set) var byteCount = 0

    package init(_ partition: PruningPartition) {
        self.partition = partition
        cells = Array(repeating: PruningCell(), count: partition.cellCount)
        grown = Array(repeating: false, count: partition.cellCount)
        low = Array(repeating: 2, count: partition.cellCount)
        high = Array(repeating: -2, count: partition.cellCount)
    }

    /// An index of rows whose sketches exist: `sketch(i)` has those of `rows[i]`.
    ///
    /// - Throws: `storeDamaged` for a sketch that no sketcher of this partition made.
    package init(
        _ partition: PruningPartition, rows: [UInt32], sketch: (Int) -> UnsafeRawPointer
    ) throws(CacheError) {
        self.init(partition)
        let layout = partition.layout
        var starts = [Int](repeating: 0, count: partition.cellCount + 1)
        var owners: [UInt32] = []
        owners.reserveCapacity(rows.count)
        for index in rows.indices {
            let (cell, _) = try Self.check(sketch(index), partition)
            owners.append(UInt32(cell))
            starts[cell + 1] += 1
        }
        for cell in 0..<partition.cellCount { starts[cell + 1] += starts[cell] }
        var next = starts
        // Key and index together, so that a cell is sorted without looking anywhere else.
        var order = [SortedRow](repeating: SortedRow(cosine: 0, index: 0), count: rows.count)
        for index in rows.indices {
            let cell = Int(owners[index])
            let cosine = Self.cosine(sketch(index), layout)
            order[next[cell]] = SortedRow(cosine: cosine, index: UInt32(truncatingIfNeeded: index))
            next[cell] += 1
        }
        let counts = (0..<partition.cellCount).map { starts[$0 + 1] - starts[$0] }
        let base = PruningBase(counts: counts, layout: layout)
        for cell in 0..<partition.cellCount where counts[cell] > 0 {
            let range = starts[cell]..<starts[cell + 1]
            order[range].sort { $0.cosine > $1.cosine }
            for (position, row) in order[range].enumerated() {
                let bytes = sketch(Int(row.index)).assumingMemoryBound(to: UInt8.self)
                base.fill(
                    cell, position, with: bytes, cosine: row.cosine, row: rows[Int(row.index)], layout: layout)
            }
            high[cell] = order[range.lowerBound].cosine
            low[cell] = order[range.upperBound - 1].cosine
        }
        self.base = base
        rowCount = rows.count
        byteCount = base.byteCount
    }

    /// Puts the rows of an index that was built under those which were inserted into this one meanwhile.
    ///
    /// - Parameter built: An index of the same partition into which nothing was inserted.
    package mutating func setBase(of built: PruningIndex) {
        precondition(built.partition === partition && base == nil && !built.grown.contains(true))
        base = built.base
        for cell in low.indices {
            low[cell] = min(low[cell], built.low[cell])
            high[cell] = max(high[cell], built.high[cell])
        }
        rowCount += built.rowCount
        byteCount += built.byteCount
    }

    private struct SortedRow {
        var cosine: Float
        var index: UInt32
    }

    /// Inserts rows by their sketches, one behind the other as `RowSketcher` writes them.
    ///
    /// - Throws: `storeDamaged` for sketches that no sketcher of this partition made; the index is as it was.
    package mutating func insert(_ sketches: UnsafeRawBufferPointer, rows: [UInt32]) throws(CacheError) {
        let stride = partition.layout.sketchBytes
        guard let base = sketches.baseAddress, sketches.count / stride >= rows.count else {
            if rows.isEmpty { return }
            throw Self.damaged
        }
        for index in rows.indices { _ = try Self.check(base + index * stride, partition) }
        for (index, row) in rows.enumerated() {
            let bytes = base + index * stride
            let cell = Self.cell(bytes, partition.layout)
            append(
                bytes.assumingMemoryBound(to: UInt8.self), cell, Self.cosine(bytes, partition.layout), row)
        }
    }

    private mutating func append(
        _ sketch: UnsafePointer<UInt8>, _ cell: Int, _ cosine: Float, _ row: UInt32
    ) {
        byteCount += cells[cell].append(sketch, cosine: cosine, row: row, layout: partition.layout)
        grown[cell] = true
        hasGrown = true
        low[cell] = min(low[cell], cosine)
        high[cell] = max(high[cell], cosine)
        rowCount += 1
        grownRowCount += 1
    }

    // MARK: Stored sketches

    private static func cell(_ sketch: UnsafeRawPointer, _ layout: SketchLayout) -> Int {
        Int(UInt32(littleEndian: sketch.loadUnaligned(fromByteOffset: layout.cellOffset, as: UInt32.self)))
    }

    private static func cosine(_ sketch: UnsafeRawPointer, _ layout: SketchLayout) -> Float {
        Float(
            bitPattern: UInt32(
                littleEndian: sketch.loadUnaligned(fromByteOffset: layout.codeBytes, as: UInt32.self)))
    }

    private static func check(
        _ sketch: UnsafeRawPointer, _ partition: PruningPartition
    ) throws(CacheError) -> (cell: Int, cosine: Float) {
        let cell = cell(sketch, partition.layout)
        let cosine = cosine(sketch, partition.layout)
        // A NaN fails the comparison.
        guard cell < partition.cellCount, abs(cosine) <= 1.001 else { throw damaged }
        return (cell, cosine)
    }

    private static var damaged: CacheError {
        CacheError(.storeDamaged, "a sketch does not belong to the partition that it is stored with")
    }

    // MARK: Invariants

    /// For tests: what is counted is what is there, and every range covers its rows.
    func checkInvariants() -> Bool {
        let layout = partition.layout
        var total = 0
        for (index, cell) in cells.enumerated() {
            func covers(_ record: UnsafePointer<UInt8>, _ lowest: Float, _ highest: Float) -> Bool {
                let cosine = Self.cosine(UnsafeRawPointer(record), layout)
                return cosine >= lowest && cosine <= highest && cosine >= low[index] && cosine <= high[index]
            }
            if let base {
                let count = Int(base.counts.base[index])
                let first = Int(base.starts.base[index])
                for position in 0..<count {
                    let block = first + position / SketchLayout.blockRows
                    let slot = first * SketchLayout.blockRows + position
                    let record = base.records.base + slot * layout.recordStride
                    guard covers(record, base.low.base[block], base.high.base[block]) else { return false }
                }
                total += count
            }
            total += cell.count
            var counted = 0
            for (position, segment) in cell.segments.enumerated() {
                let count = position == cell.segments.count - 1 ? cell.lastCount : segment.capacity
                guard count <= segment.capacity else { return false }
                counted += count
                for slot in 0..<count {
                    let block = slot / SketchLayout.blockRows
                    let isOpen = block == count / SketchLayout.blockRows
                    guard
                        covers(
                            segment.records + slot * layout.recordStride,
                            isOpen ? cell.openLow : segment.low[block], isOpen ? cell.openHigh : segment.high[block])
                    else { return false }
                }
            }
            guard counted == cell.count, grown[index] == (cell.count > 0) else { return false }
        }
        return total == rowCount
    }
}
