import CVectorKernels

/// The rows that an index was built from: all cells in one piece of memory, so that a search finds a cell's blocks
/// without following pointers. The rows of a cell lie in falling order of their cosines to its centroid.
///
/// `@unchecked Sendable`: filled before it is shared, and never changed.
final class PruningBase: @unchecked Sendable {
    /// The first block of each cell, and the end of the last.
    let starts: AlignedMemory<UInt32>
    /// Rows of each cell.
    let counts: AlignedMemory<UInt32>
    /// Lowest and highest cosine of each block.
    let low: AlignedMemory<Float>
    let high: AlignedMemory<Float>
    /// The first sketches, in two parts.
    let fronts: AlignedMemory<UInt8>
    let backs: AlignedMemory<UInt8>
    let records: AlignedMemory<UInt8>

    /// - Parameter counts: Rows of each cell.
    init(counts rows: [Int], layout: SketchLayout) {
        starts = AlignedMemory(count: rows.count + 1, zero: 0)
        counts = AlignedMemory(count: rows.count, zero: 0)
        var blocks = 0
        for (cell, count) in rows.enumerated() {
            starts.base[cell] = UInt32(blocks)
            counts.base[cell] = UInt32(count)
            blocks += (count + SketchLayout.blockRows - 1) / SketchLayout.blockRows
        }
        starts.base[rows.count] = UInt32(blocks)
        low = AlignedMemory(count: blocks, zero: 1)
        high = AlignedMemory(count: blocks, zero: -1)
        fronts = AlignedMemory(count: blocks * layout.frontBytes, zero: 0)
        backs = AlignedMemory(count: blocks * layout.backBytes, zero: 0)
        records = AlignedMemory(count: blocks * SketchLayout.blockRows * layout.recordStride, zero: 0)
    }

    /// Fills row `position` of a cell. Rows come in order.
    func fill(
        _ cell: Int, _ position: Int, with sketch: UnsafePointer<UInt8>, cosine: Float, row: UInt32,
        layout: SketchLayout
    ) {
        let block = Int(starts.base[cell]) + position / SketchLayout.blockRows
        let slot = position % SketchLayout.blockRows
        svk_sketch_place(
            fronts.base + block * layout.frontBytes, backs.base + block * layout.backBytes, slot,
            sketch + layout.recordBytes, layout.pairs, layout.frontPairs)
        let record = records.base + (block * SketchLayout.blockRows + slot) * layout.recordStride
        record.update(from: sketch, count: layout.recordBytes)
        UnsafeMutableRawPointer(record).storeBytes(of: row, toByteOffset: layout.codeBytes + 4, as: UInt32.self)
        low.base[block] = slot == 0 ? cosine : min(low.base[block], cosine)
        high.base[block] = slot == 0 ? cosine : max(high.base[block], cosine)
    }

    var byteCount: Int {
        starts.byteCount + counts.byteCount + low.byteCount + high.byteCount + fronts.byteCount + backs.byteCount
            + records.byteCount
    }
}
