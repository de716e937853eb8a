package import CacheModel

/// Makes an index of many rows in bounded steps, so that a thread can do it beside other work.
///
/// Trains a partition from a sample, then sketches every row. Belongs to one thread at a time. Rows inserted meanwhile
/// are the caller's to insert into the finished index.
package final class PruningBuilder {
    private enum Phase {
        case sample(next: Int)
        case cluster(round: Int, next: Int)
        case basis(round: Int)
        case sketch(next: Int)
        case done
    }

    private let layout: SketchLayout
    private let rows: [UInt32]
    private let kernels: Kernels
    private let blas: BlasLibrary
    private let seed: UInt64
    private var random: SplitMix
    private var phase = Phase.sample(next: 0)

    private let cellCount: Int
    private var sampled: [Int] = []
    private var sample = AlignedMemory<Float>(count: 0, zero: 0)
    private var sampleCount = 0
    private var clusters: SphericalClusters
    private var directions: PrincipalDirections?
    private var sketcher: RowSketcher?
    /// Rows whose vectors were there, and their sketches, one behind the other.
    private var found: [UInt32] = []
    private var sketches = AlignedMemory<UInt8>(count: 0, zero: 0)

    private static let sampleRowsPerCell = 32
    private static let rounds = 6
    private static let directionRounds = 4
    private static let chunkRows = 512

    /// - Parameters:
    ///   - rows: The live rows of a snapshot; their vectors must stay where `address` finds them until the end.
    ///   - cells: nil for as many as their number suggests.
    package init(
        dimension: Int, rows: [UInt32], cells: Int? = nil, seed: UInt64, kernels: Kernels, blas: BlasLibrary
    ) {
        layout = SketchLayout(dimension: dimension)
        self.rows = rows
        self.kernels = kernels
        self.blas = blas
        self.seed = seed
        random = SplitMix(seed: seed)
        cellCount = max(1, min(PruningPlan.mostCells, cells ?? PruningPlan.cellCount(rows: rows.count)))
        clusters = SphericalClusters(count: cellCount, length: layout.rowLength)
        let wanted = min(rows.count, max(4_096, cellCount * Self.sampleRowsPerCell))
        // One of each stretch of equal length: spread over all rows, and in their order.
        for index in 0..<wanted {
            let start = index * rows.count / wanted
            let end = max(start + 1, (index + 1) * rows.count / wanted)
            sampled.append(Int.random(in: start..<end, using: &random))
        }
        sample = AlignedMemory(count: wanted * layout.rowLength, zero: 0)
    }

    /// The partition, as soon as it is trained.
    package var partition: PruningPartition? { sketcher?.partition }

    package var isDone: Bool { if case .done = phase { true } else { false } }

    /// Works on about `maximumRows` rows.
    /// - Returns: whether everything is done.
    /// - Throws: `internalError` when no partition can be made.
    package func step(
        maximumRows: Int, address: (UInt32) -> UnsafePointer<Float>?
    ) throws(CacheError) -> Bool {
        let chunk = max(1, maximumRows)
        switch phase {
        case .sample(let next): takeSample(from: next, chunk, address)
        case .cluster(let round, let next): cluster(round, from: next, chunk)
        case .basis(let round): try findBasis(round)
        case .sketch(let next): sketch(from: next, chunk, address)
        case .done: break
        }
        return isDone
    }

    /// The index, when all is done.
    package func finish() throws(CacheError) -> PruningIndex {
        guard isDone, let sketcher else { throw CacheError(.internalError, "the index is not built yet") }
        let base = UnsafeRawPointer(sketches.base)
        let stride = sketcher.sketchBytes
        return try PruningIndex(sketcher.partition, rows: found) { base + $0 * stride }
    }

    /// The rows and their sketches, one behind the other, to be stored; nil before all is done.
    package func withSketches(_ body: (PruningPartition, [UInt32], UnsafeRawBufferPointer) -> Void) {
        guard isDone, let sketcher else { return }
        body(
            sketcher.partition, found,
            UnsafeRawBufferPointer(start: sketches.base, count: found.count * sketcher.sketchBytes))
    }

    // MARK: Phases

    private func takeSample(from start: Int, _ chunk: Int, _ address: (UInt32) -> UnsafePointer<Float>?) {
        let end = min(sampled.count, start + chunk)
        for index in start..<end {
            guard let row = address(rows[sampled[index]]) else { continue }
            (sample.base + sampleCount * layout.rowLength).update(from: row, count: layout.rowLength)
            sampleCount += 1
        }
        guard end == sampled.count else { return phase = .sample(next: end) }
        clusters.start(sample.base, count: sampleCount, random: &random)
        phase = .cluster(round: 0, next: 0)
    }

    private func cluster(_ round: Int, from start: Int, _ chunk: Int) {
        let end = min(sampleCount, start + chunk)
        clusters.assign(sample.base, start..<end, blas: blas)
        guard end == sampleCount else { return phase = .cluster(round: round, next: end) }
        clusters.update(sample.base, count: sampleCount, random: &random)
        phase = round + 1 < Self.rounds ? .cluster(round: round + 1, next: 0) : .basis(round: 0)
    }

    private func findBasis(_ round: Int) throws(CacheError) {
        if directions == nil {
            directions = PrincipalDirections(
                layout: layout, residuals: clusters.residuals(sample.base, count: sampleCount, random: &random),
                random: &random)
        }
        directions?.improve(blas: blas)
        guard round + 1 == Self.directionRounds, let directions else { return phase = .basis(round: round + 1) }
        let (basis, alignment) = directions.finish()
        let (centroids, scales) = clusters.rounded(layout)
        let partition = try PruningPartition(
            checking: layout, seed: seed, typicalAlignment: alignment, basis: basis, centroids: centroids,
            scales: scales, kernels: kernels)
        guard let sketcher = RowSketcher(partition, kernels: kernels) else {
            throw CacheError(.internalError, "there are no sketch kernels")
        }
        self.sketcher = sketcher
        self.directions = nil
        sample = AlignedMemory(count: 0, zero: 0)
        sketches = AlignedMemory(count: rows.count * layout.sketchBytes, zero: 0)
        found.reserveCapacity(rows.count)
        phase = .sketch(next: 0)
    }

    private func sketch(from start: Int, _ chunk: Int, _ address: (UInt32) -> UnsafePointer<Float>?) {
        guard let sketcher else { return }
        let end = min(rows.count, start + chunk)
        var next = start
        var vectors: [UnsafePointer<Float>] = []
        while next < end {
            vectors.removeAll(keepingCapacity: true)
            let first = found.count
            while next < end, vectors.count < Self.chunkRows {
                if let vector = address(rows[next]) {
                    vectors.append(vector)
                    found.append(rows[next])
                }
                next += 1
            }
            sketcher.sketch(
                vectors,
                into: UnsafeMutableRawBufferPointer(
                    start: sketches.base + first * layout.sketchBytes, count: vectors.count * layout.sketchBytes))
        }
        phase = end == rows.count ? .done : .sketch(next: end)
    }
}
