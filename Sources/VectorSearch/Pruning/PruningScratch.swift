import CVectorKernels

/// The memory that pruned searches work in. Belongs to one thread: never two searches at once.
package final class PruningScratch {
    /// Few enough that what is known of them stays in the second cache; a multiple of 16.
    static let blockCapacity = 1_024

    let search = SearchScratch()
    private(set) var states: [PruningQueryState] = []
    private(set) var whole = AlignedMemory<Int16>(count: 0, zero: 0)
    private(set) var products = AlignedMemory<Int32>(count: 0, zero: 0)
    private(set) var projected = AlignedMemory<Float>(count: 0, zero: 0)
    /// Blocks on their way through the stages of a search.
    let batches = (0..<2).map { _ in BlockBatch() }
    private let openBlocks = AlignedMemory<UInt32>(count: PruningScratch.blockCapacity, zero: 0)
    private let margins = AlignedMemory<Int16>(
        count: PruningScratch.blockCapacity * SketchLayout.blockRows, zero: 0)
    var open: svk_sketch_open { svk_sketch_open(blocks: openBlocks.base, margins: margins.base) }
    /// Lowest and highest cosine of a block that is being filled.
    let openRange = UnsafeMutablePointer<Float>.allocate(capacity: 2)
    var wholeQueries: [UnsafePointer<Int16>] = []

    package init() {}

    deinit {
        openRange.deallocate()
    }

    /// Makes room for a batch.
    func begin(_ queries: [Query], _ partition: PruningPartition) {
        search.begin(queries)
        let count = queries.count
        let layout = partition.layout
        if whole.count < count * layout.length { whole = AlignedMemory(count: count * layout.length, zero: 0) }
        if products.count < count * partition.cellCount {
            products = AlignedMemory(count: count * partition.cellCount, zero: 0)
        }
        if projected.count < count * layout.prefix { projected = AlignedMemory(count: count * layout.prefix, zero: 0) }
        states.removeAll(where: { !$0.fits(partition) })
        while states.count < count { states.append(PruningQueryState(partition)) }
        wholeQueries.removeAll(keepingCapacity: true)
        for query in 0..<count { wholeQueries.append(UnsafePointer(whole.base + query * layout.length)) }
    }
}

/// Blocks that were chosen for one query, and the rows that are left of them.
final class BlockBatch {
    let blocks = UnsafeMutablePointer<svk_sketch_block>.allocate(capacity: PruningScratch.blockCapacity)
    /// Rows that the first sketch leaves.
    let left = UnsafeMutablePointer<UInt32>.allocate(
        capacity: (PruningScratch.blockCapacity + 1) * SketchLayout.blockRows)
    /// Numbers of the rows that the second sketch leaves.
    let numbers = UnsafeMutablePointer<UInt32>.allocate(
        capacity: PruningScratch.blockCapacity * SketchLayout.blockRows)
    var query = 0
    var blockCount = 0
    var leftCount = 0
    var numberCount = 0

    deinit {
        blocks.deallocate()
        left.deallocate()
        numbers.deallocate()
    }
}

/// What a search knows of one query.
final class PruningQueryState {
    let cosines: AlignedMemory<Float>
    let alive: AlignedMemory<UInt32>
    let tables: AlignedMemory<UInt8>
    let rotated: AlignedMemory<Float>
    let steps: AlignedMemory<Int8>
    private let layout: SketchLayout
    var aliveCount = 0
    /// The next of `alive` to visit.
    var position = 0
    var rest: Int16 = 0
    var isRotated = false
    /// How far a cosine with a centroid may be off.
    var cosineError: Float = 0
    var inverse: Float = 0
    var scale = svk_sketch_scale()
    var refinement: svk_sketch_refinement
    var nearest = 0
    /// The similarity that the cells were chosen for.
    var aliveCut: Float = 0

    init(_ partition: PruningPartition) {
        layout = partition.layout
        cosines = AlignedMemory(count: partition.cellCount, zero: 0)
        alive = AlignedMemory(count: partition.cellCount, zero: 0)
        tables = AlignedMemory(count: layout.pairs * 32, zero: 0)
        rotated = AlignedMemory(count: layout.length, zero: 0)
        steps = AlignedMemory(count: layout.length, zero: 0)
        refinement = svk_sketch_refinement(query: steps.base, length: layout.length, unit: 0, zero: 0)
    }

    /// Takes the nearest cell from those that are left.
    func leaveOutNearest() {
        for index in 0..<aliveCount where alive.base[index] == nearest {
            for later in index + 1..<aliveCount { alive.base[later - 1] = alive.base[later] }
            aliveCount -= 1
            return
        }
    }

    func fits(_ partition: PruningPartition) -> Bool {
        layout == partition.layout && cosines.count == partition.cellCount
    }
}
