import CVectorKernels

/// Where the parts of a sketch lie, for vectors of one dimension.
///
/// A row's sketch as it is stored: the record, then the codes of the first sketch with a and e, then the number of its
/// cell (UInt32). A record: `length` / 8 bytes of the second sketch, the cosine to the centroid (Float), the row number
/// (UInt32), a (UInt16) and e (Int16) of the second sketch. All numbers are little-endian.
struct SketchLayout: Hashable, Sendable {
    static let blockRows = Int(SVK_SKETCH_ROWS)

    let dimension: Int
    /// Floats of a row, padding included.
    let rowLength: Int
    /// Signs of the second sketch: the dimension, padded to a multiple of 64.
    let length: Int
    /// The first sketch has 8 signs for each pair of lookup groups.
    let pairs: Int

    init(dimension: Int) {
        self.dimension = dimension
        rowLength = UnitVector.stride(dimension: dimension)
        length = (dimension + 63) / 64 * 64
        // Somewhat fewer than half of the dimensions hold most of what rows have in common; an even number of pairs, at
        // most 32.
        pairs = min(32, max(2, (dimension * 9 / 20 + 15) / 16 * 2))
    }

    /// Signs of the first sketch.
    var prefix: Int { 8 * pairs }
    var codeBytes: Int { length / 8 }
    /// A record as it is stored.
    var recordBytes: Int { codeBytes + Int(SVK_SKETCH_RECORD_TAIL) }
    /// From one record to the next in memory: whole cache lines where that costs little.
    var recordStride: Int {
        let lines = (recordBytes + 63) / 64 * 64
        return (lines - recordBytes) * 12 <= recordBytes ? lines : (recordBytes + 3) / 4 * 4
    }
    /// Pairs in the front of a block, which is read first and may rule out all of its rows.
    var frontPairs: Int { (pairs / 2 + 1) / 2 * 2 }
    /// The front of a block, a and e included, and the rest of it.
    var frontBytes: Int { (frontPairs + 2) * Self.blockRows }
    var backBytes: Int { (pairs - frontPairs) * Self.blockRows }
    var strides: svk_sketch_strides {
        svk_sketch_strides(front: frontBytes, back: backBytes, record: recordStride)
    }
    var cellOffset: Int { recordBytes + pairs + 2 }
    /// A row's sketch as it is stored.
    var sketchBytes: Int { cellOffset + 4 }
}
