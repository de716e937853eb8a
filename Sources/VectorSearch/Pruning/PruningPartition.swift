import CVectorKernels
internal import CacheModel

/// How rows are divided into cells and sketched: the same for all rows of an index, and never changed.
///
/// The bounds hold for any centroids and any basis, so a bad partition costs time and never a match.
package final class PruningPartition: Sendable {
    let layout: SketchLayout
    /// Gives the signs of the second sketch's rotation.
    let seed: UInt64
    package let cellCount: Int
    /// What a of the first sketch is around.
    let typicalAlignment: Float
    /// `prefix` weighted, orthogonal directions, `rowLength` floats each; with any signs their sum has length one.
    let basis: AlignedMemory<Float>
    /// Centroids in whole steps, `length` each, and what makes them unit vectors.
    let centroids: AlignedMemory<Int8>
    let scales: AlignedMemory<Float>

    // What follows from the above.
    let signs: AlignedMemory<UInt8>
    /// Centroids in the basis, `prefix` each, and rotated, `length` each.
    let projections: AlignedMemory<Float>
    let rotations: AlignedMemory<Float>
    /// What e of the first sketch is measured in, for each cell.
    let offsetSteps: AlignedMemory<Float>
    /// The sum of each centroid's steps.
    let sums: AlignedMemory<Int32>
    /// Distances between centroids in steps of 2^-15, rounded up: one row for each cell.
    let distances: AlignedMemory<UInt16>
    /// How far the length of a sum of the basis may be from one.
    let basisDefect: Float
    /// How far an alignment or an offset of the first sketch may be off, by the roundings of its products.
    let projectionError: Float

    /// - Throws: `storeDamaged` when the basis is not orthogonal or a centroid has no direction.
    init(
        checking layout: SketchLayout, seed: UInt64, typicalAlignment: Float, basis: AlignedMemory<Float>,
        centroids: AlignedMemory<Int8>, scales: AlignedMemory<Float>, kernels: Kernels
    ) throws(CacheError) {
        let count = scales.count
        guard let table = kernels.sketches, typicalAlignment > 0, typicalAlignment < 0.99, count > 0,
            centroids.count == count * layout.length, basis.count == layout.prefix * layout.rowLength,
            let defect = Self.defect(of: basis, layout)
        else { throw Self.damaged }
        self.layout = layout
        self.seed = seed
        cellCount = count
        self.typicalAlignment = typicalAlignment
        self.basis = basis
        self.centroids = centroids
        self.scales = scales
        basisDefect = defect
        // `prefix` products of length at most their direction's, each off by γ_(rowLength / 32 + 6) of it, as is the
        // centroid's; and the sum of them.
        let products = Float(layout.rowLength / 32 + 6) * 0x1p-24
        projectionError =
            3 * Float(layout.prefix).squareRoot() * products + Float(layout.prefix) * 0x1p-23 + 2e-6

        signs = AlignedMemory(count: layout.length / 2, zero: 0)
        var random = SplitMix(seed: seed)
        for index in 0..<signs.count { signs.base[index] = UInt8(truncatingIfNeeded: random.next()) }

        projections = AlignedMemory(count: count * layout.prefix, zero: 0)
        rotations = AlignedMemory(count: count * layout.length, zero: 0)
        offsetSteps = AlignedMemory(count: count, zero: 0)
        sums = AlignedMemory(count: count, zero: 0)
        distances = AlignedMemory(count: count * count, zero: 0)
        for cell in 0..<count {
            let whole = centroids.base + cell * layout.length
            var squares = 0
            for index in 0..<layout.length {
                squares += Int(whole[index]) * Int(whole[index])
                sums.base[cell] += Int32(whole[index])
            }
            let scale = scales.base[cell]
            guard squares > 0, scale == Float(1 / Double(squares).squareRoot()) else { throw Self.damaged }
            let rotated = rotations.base + cell * layout.length
            for index in 0..<layout.length { rotated[index] = Float(whole[index]) * scale }
            let row = UnsafePointer(rotated)
            let projected = projections.base + cell * layout.prefix
            withUnsafePointer(to: row) {
                kernels.table.pointee.dots(
                    $0, 1, basis.base, layout.rowLength, layout.prefix, min(layout.rowLength, layout.length), projected,
                    layout.prefix)
            }
            table.pointee.rotate(rotated, layout.length, signs.base)
            var reach: Float = 0
            for index in 0..<layout.prefix { reach += abs(projected[index]) }
            offsetSteps.base[cell] = (reach * (1 + 0x1p-16) + projectionError) / 127
        }
        computeDistances(table)
    }

    /// The most by which a row may be nearer to another centroid than to its own: both products are off by the row's
    /// rounding, half a step of at least 1 / 32,767 in each component.
    var misassignment: Float { Float(layout.length).squareRoot() / 32767 * 1.01 + 1e-6 }

    private static var damaged: CacheError { CacheError(.storeDamaged, "the search partition is damaged") }

    private func computeDistances(_ table: UnsafePointer<svk_sketch_kernels>) {
        let length = layout.length
        let row = AlignedMemory<Int16>(count: length, zero: 0)
        let products = AlignedMemory<Int32>(count: cellCount, zero: 0)
        for cell in 0..<cellCount {
            for index in 0..<length { row.base[index] = Int16(centroids.base[cell * length + index]) }
            let query = UnsafePointer(row.base)
            withUnsafePointer(to: query) {
                table.pointee.dots($0, 1, centroids.base, cellCount, length, products.base, cellCount)
            }
            let scale = scales.base[cell]
            for other in 0..<cellCount {
                let cosine = Float(products.base[other]) * scale * scales.base[other]
                let distance = max(0, 2 - 2 * cosine + 2e-6).squareRoot()
                distances.base[cell * cellCount + other] = UInt16(min(65535, distance * 32768 + 1.01))
            }
        }
    }

    /// How far a sum of the directions with any signs may be from length one: their Gram matrix may differ from a
    /// diagonal one of trace one by at most twice this, in the sum of all magnitudes.
    private static func defect(of basis: AlignedMemory<Float>, _ layout: SketchLayout) -> Float? {
        var trace = 0.0
        var off = 0.0
        for one in 0..<layout.prefix {
            let first = basis.base + one * layout.rowLength
            for other in one..<layout.prefix {
                let second = basis.base + other * layout.rowLength
                let product = svk_sketch_inner(first, second, layout.rowLength)
                if one == other { trace += product } else { off += 2 * abs(product) }
            }
        }
        let defect = (abs(trace - 1) + off) * 0.5001
        return defect < 1e-3 ? Float(defect).nextUp : nil
    }

    /// Bytes of a row's sketch as it is stored.
    package var sketchBytes: Int { layout.sketchBytes }

    /// Memory beside the rows' own.
    package var byteCount: Int {
        basis.byteCount + centroids.byteCount + scales.byteCount + projections.byteCount + rotations.byteCount
            + offsetSteps.byteCount + sums.byteCount + distances.byteCount
    }
}

/// SplitMix64, by Steele, Lea and Flood: the same numbers on every machine.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension Kernels {
    /// Nil where an instruction set has no sketch kernels; every set that a machine can run has.
    var sketches: UnsafePointer<svk_sketch_kernels>? { svk_sketch_kernels(instructionSet.inC) }
}
