import CacheModel
import Foundation
import VectorSearch

/// The index alone, as the service keeps it: rows come in batches, and when `PruningPlan` says so it is built anew or put in
/// order.
struct GrowingIndex {
    /// What growing has cost, processor time of the one thread that does it.
    struct Cost {
        /// Sketching and inserting.
        var insertNanoseconds: UInt64 = 0
        /// Building anew and putting in order; the service does both in the background.
        var rebuildNanoseconds: UInt64 = 0
        var rebuildCount = 0
        var repackCount = 0
        /// The longest that a rebuild kept its thread from other work.
        var longestStepNanoseconds: UInt64 = 0
    }

    let rows: VectorFile
    let kernels: Kernels
    let blas: BlasLibrary
    private(set) var index: PruningIndex?
    private(set) var cost = Cost()
    /// What an index is put in order from.
    private var sketches: SketchFile?

    private static let batchRows = Limits.batchCount
    private static let stepRows = 1_024

    init(rows: VectorFile, kernels: Kernels, blas: BlasLibrary) {
        self.rows = rows
        self.kernels = kernels
        self.blas = blas
    }

    /// From nothing to all rows.
    mutating func grow() throws {
        var sketcher: RowSketcher?
        var cells: Int?
        for start in stride(from: 0, to: rows.count, by: Self.batchRows) {
            let batch = start..<min(start + Self.batchRows, rows.count)
            if let sketcher { try insert(batch, sketcher) }
            let live = batch.upperBound
            let needsRebuild = PruningPlan.needsRebuild(
                liveRows: live, indexedRows: index?.rowCount ?? 0, cellCount: cells, dimension: rows.dimension)
            if needsRebuild {
                let built = try rebuild(rowCount: live)
                sketcher = RowSketcher(built.partition, kernels: kernels)
                cells = PruningPlan.cellCount(rows: live)
                index = built
            } else if let index,
                PruningPlan.needsRepacking(indexedRows: index.rowCount, grownRows: index.grownRowCount)
            {
                try repack(index, rowCount: live)
            }
        }
    }

    private mutating func repack(_ grown: PruningIndex, rowCount: Int) throws {
        guard let sketches else { return }
        var watch = Stopwatch()
        index = try PruningIndex(grown.partition, rows: (0..<UInt32(rowCount)).map { $0 }) { sketches[$0] }
        watch.lap()
        cost.repackCount += 1
        cost.rebuildNanoseconds += watch.nanoseconds
    }

    private mutating func insert(_ batch: Range<Int>, _ sketcher: RowSketcher) throws {
        let sketches = UnsafeMutableRawBufferPointer.allocate(
            byteCount: batch.count * sketcher.sketchBytes, alignment: 64)
        defer { sketches.deallocate() }
        // Readers hold the version before, so that an insert pays for the lists that it copies.
        let published = index
        var watch = Stopwatch()
        sketcher.sketch(batch.map { rows.row($0) }, into: sketches)
        try index?.insert(UnsafeRawBufferPointer(sketches), rows: batch.map { UInt32($0) })
        watch.lap()
        cost.insertNanoseconds += watch.nanoseconds
        self.sketches?.write(UnsafeRawBufferPointer(sketches), from: batch.lowerBound)
        withExtendedLifetime(published) {}
    }

    /// A new index of the first rows, built in steps as the service does it. The one that there is stays.
    mutating func rebuild(rowCount: Int) throws -> PruningIndex {
        var watch = Stopwatch()
        let builder = PruningBuilder(
            dimension: rows.dimension, rows: (0..<UInt32(rowCount)).map { $0 }, seed: 1, kernels: kernels, blas: blas)
        watch.lap()
        var isDone = false
        while !isDone {
            isDone = try builder.step(maximumRows: Self.stepRows, address: rows.address)
            watch.lap()
        }
        let built = try builder.finish()
        watch.lap()
        // A store is written to in any case.
        let file = try SketchFile(rowCount: rows.count, sketchBytes: built.partition.sketchBytes)
        builder.withSketches { _, _, sketches in file.write(sketches, from: 0) }
        sketches = file
        cost.rebuildCount += 1
        cost.rebuildNanoseconds += watch.nanoseconds
        cost.longestStepNanoseconds = max(cost.longestStepNanoseconds, watch.longestNanoseconds)
        return built
    }
}
