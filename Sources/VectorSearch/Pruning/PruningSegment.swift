import CVectorKernels

/// Rows of one cell: the blocks of their first sketches, their records, and the range of each block.
///
/// `@unchecked Sendable`: the writer fills each slot once, before it publishes a view that counts it; readers use the
/// slots that their view counts. They may load bytes of a slot that is being filled, and mask what comes of it.
final class PruningSegment: @unchecked Sendable {
    let capacity: Int
    let fronts: UnsafeMutablePointer<UInt8>
    let backs: UnsafeMutablePointer<UInt8>
    let records: UnsafeMutablePointer<UInt8>
    /// Lowest and highest cosine of each full block; those of the block that is being filled are part of a view.
    let low: UnsafeMutablePointer<Float>
    let high: UnsafeMutablePointer<Float>
    let byteCount: Int

    /// - Parameter capacity: A multiple of the rows of a block.
    init(capacity: Int, layout: SketchLayout) {
        self.capacity = capacity
        let blocks = capacity / SketchLayout.blockRows
        let frontBytes = blocks * layout.frontBytes
        let codeBytes = frontBytes + blocks * layout.backBytes
        let recordBytes = (capacity * layout.recordStride + 3) / 4 * 4
        byteCount = codeBytes + recordBytes + 8 * blocks
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(64, byteCount), alignment: 64)
        fronts = memory.initializeMemory(as: UInt8.self, repeating: 0, count: codeBytes)
        backs = fronts + frontBytes
        records = (memory + codeBytes).initializeMemory(as: UInt8.self, repeating: 0, count: recordBytes)
        low = (memory + codeBytes + recordBytes).initializeMemory(as: Float.self, repeating: 1, count: blocks)
        high = (memory + codeBytes + recordBytes + 4 * blocks)
            .initializeMemory(as: Float.self, repeating: -1, count: blocks)
    }

    deinit { UnsafeMutableRawPointer(fronts).deallocate() }

    /// Fills a slot from a stored sketch.
    func fill(_ slot: Int, with sketch: UnsafePointer<UInt8>, row: UInt32, layout: SketchLayout) {
        precondition(slot >= 0 && slot < capacity)
        let block = slot / SketchLayout.blockRows
        svk_sketch_place(
            fronts + block * layout.frontBytes, backs + block * layout.backBytes, slot % SketchLayout.blockRows,
            sketch + layout.recordBytes, layout.pairs, layout.frontPairs)
        let record = records + slot * layout.recordStride
        record.update(from: sketch, count: layout.recordBytes)
        UnsafeMutableRawPointer(record).storeBytes(of: row, toByteOffset: layout.codeBytes + 4, as: UInt32.self)
    }
}

/// The rows that were inserted into a cell since the index was built, as one view of the index sees them.
struct PruningCell: Sendable {
    var segments: [PruningSegment] = []
    /// Rows in all, and in the last segment; all segments before it are full.
    var count = 0
    var lastCount = 0
    /// Range of the block that is being filled.
    var openLow: Float = 1
    var openHigh: Float = -1

    /// Appends a row and returns the bytes that were allocated for it. A new segment has room for an eighth more, so
    /// that little memory lies idle and segments stay few.
    mutating func append(
        _ sketch: UnsafePointer<UInt8>, cosine: Float, row: UInt32, layout: SketchLayout
    ) -> Int {
        let rows = SketchLayout.blockRows
        var added = 0
        if segments.isEmpty || lastCount == segments[segments.count - 1].capacity {
            let segment = PruningSegment(capacity: max(1, count / 8 / rows) * rows, layout: layout)
            segments.append(segment)
            lastCount = 0
            added = segment.byteCount
        }
        let segment = segments[segments.count - 1]
        segment.fill(lastCount, with: sketch, row: row, layout: layout)
        if lastCount % rows == 0 {
            openLow = cosine
            openHigh = cosine
        } else {
            openLow = min(openLow, cosine)
            openHigh = max(openHigh, cosine)
        }
        lastCount += 1
        count += 1
        if lastCount % rows == 0 {
            segment.low[lastCount / rows - 1] = openLow
            segment.high[lastCount / rows - 1] = openHigh
        }
        return added
    }
}
