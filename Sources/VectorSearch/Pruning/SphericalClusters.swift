import CVectorKernels

/// k-means of directions: every row goes to the centroid with the largest inner product, every centroid to the direction
/// of its rows' sum. Lloyd's algorithm on the sphere.
struct SphericalClusters {
    private let count: Int
    private let length: Int
    private let centroids: AlignedMemory<Float>
    private var owners: [Int32] = []
    private static let tileRows = 64

    init(count: Int, length: Int) {
        self.count = count
        self.length = length
        centroids = AlignedMemory(count: count * length, zero: 0)
    }

    /// Takes random rows of the sample as centroids.
    mutating func start(_ sample: UnsafePointer<Float>, count rows: Int, random: inout SplitMix) {
        owners = Array(repeating: 0, count: rows)
        for cell in 0..<count { seed(cell, from: sample, rows, &random) }
    }

    private func seed(_ cell: Int, from sample: UnsafePointer<Float>, _ rows: Int, _ random: inout SplitMix) {
        let target = centroids.base + cell * length
        if rows == 0 {
            target[0] = 1
        } else {
            target.update(from: sample + Int.random(in: 0..<rows, using: &random) * length, count: length)
        }
    }

    mutating func assign(_ sample: UnsafePointer<Float>, _ range: Range<Int>, blas: BlasLibrary) {
        let products = AlignedMemory<Float>(count: Self.tileRows * count, zero: 0)
        for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.tileRows) {
            let rows = min(Self.tileRows, range.upperBound - first)
            blas.multiply(
                queries: sample + first * length, queryCount: rows, queryStride: length, rows: centroids.base,
                rowCount: count, rowStride: length, length: length, products: products.base, productStride: count)
            for row in 0..<rows { owners[first + row] = Int32(best(products.base + row * count)) }
        }
    }

    private func best(_ products: UnsafePointer<Float>) -> Int {
        var best = 0
        for cell in 1..<max(1, count) where products[cell] > products[best] { best = cell }
        return best
    }

    mutating func update(_ sample: UnsafePointer<Float>, count rows: Int, random: inout SplitMix) {
        centroids.base.update(repeating: 0, count: count * length)
        for row in 0..<rows {
            let target = centroids.base + Int(owners[row]) * length
            let source = sample + row * length
            for index in 0..<length { target[index] += source[index] }
        }
        for cell in 0..<count {
            let target = centroids.base + cell * length
            var squares = 0.0
            for index in 0..<length { squares += Double(target[index]) * Double(target[index]) }
            // Without rows, or with rows that cancel out.
            guard squares > 1e-12 else {
                seed(cell, from: sample, rows, &random)
                continue
            }
            let inverse = Float(1 / squares.squareRoot())
            for index in 0..<length { target[index] *= inverse }
        }
    }

    /// Directions from centroids to some of their rows, unit vectors; `length` floats each.
    func residuals(
        _ sample: UnsafePointer<Float>, count rows: Int, random: inout SplitMix
    ) -> (memory: AlignedMemory<Float>, count: Int) {
        let wanted = min(rows, max(2_048, 8 * min(length, 512)))
        let memory = AlignedMemory<Float>(count: wanted * length, zero: 0)
        var used = 0
        for _ in 0..<wanted {
            let row = Int.random(in: 0..<rows, using: &random)
            let source = sample + row * length
            let centroid = centroids.base + Int(owners[row]) * length
            let cosine = Float(svk_sketch_inner(source, centroid, length))
            let target = memory.base + used * length
            var squares: Float = 0
            for index in 0..<length {
                target[index] = source[index] - cosine * centroid[index]
                squares += target[index] * target[index]
            }
            guard squares > 1e-6 else { continue }
            let inverse = 1 / squares.squareRoot()
            for index in 0..<length { target[index] *= inverse }
            used += 1
        }
        return (memory, used)
    }

    func rounded(_ layout: SketchLayout) -> (AlignedMemory<Int8>, AlignedMemory<Float>) {
        let whole = AlignedMemory<Int8>(count: count * layout.length, zero: 0)
        let scales = AlignedMemory<Float>(count: count, zero: 0)
        for cell in 0..<count {
            scales.base[cell] = svk_sketch_round_centroid(
                centroids.base + cell * length, length, layout.length, whole.base + cell * layout.length)
        }
        return (whole, scales)
    }
}
