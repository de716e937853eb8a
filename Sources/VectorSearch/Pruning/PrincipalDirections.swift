import CVectorKernels

/// The directions that hold most of what residuals have in common: subspace iteration, Golub and Van Loan, Matrix
/// Computations, section 8.2.4.
struct PrincipalDirections {
    private let layout: SketchLayout
    private let residuals: AlignedMemory<Float>
    private let transposed: AlignedMemory<Float>
    private let count: Int
    /// `prefix` rows of `rowLength` floats.
    private let directions: AlignedMemory<Float>
    private let products: AlignedMemory<Float>

    init(layout: SketchLayout, residuals: (memory: AlignedMemory<Float>, count: Int), random: inout SplitMix) {
        self.layout = layout
        self.residuals = residuals.memory
        count = residuals.count
        transposed = AlignedMemory(count: layout.rowLength * max(1, count), zero: 0)
        for row in 0..<count {
            for index in 0..<layout.rowLength {
                transposed.base[index * count + row] = residuals.memory.base[row * layout.rowLength + index]
            }
        }
        directions = AlignedMemory(count: layout.prefix * layout.rowLength, zero: 0)
        products = AlignedMemory(count: layout.prefix * max(1, count), zero: 0)
        for direction in 0..<layout.prefix {
            for index in 0..<layout.dimension {
                directions.base[direction * layout.rowLength + index] = Float.random(in: -1...1, using: &random)
            }
        }
        orthonormalize()
    }

    mutating func improve(blas: BlasLibrary) {
        guard count > 0 else { return }
        let length = layout.rowLength
        blas.multiply(
            queries: directions.base, queryCount: layout.prefix, queryStride: length, rows: residuals.base,
            rowCount: count, rowStride: length, length: length, products: products.base, productStride: count)
        blas.multiply(
            queries: products.base, queryCount: layout.prefix, queryStride: count, rows: transposed.base,
            rowCount: length, rowStride: count, length: count, products: directions.base, productStride: length)
        orthonormalize()
    }

    /// Gram and Schmidt's process in double precision, twice over each direction. One that is a sum of those before it,
    /// as when there are few residuals, is replaced by an axis that is not.
    private func orthonormalize() {
        let length = layout.rowLength
        var axis = 0
        var current = [Double](repeating: 0, count: length)
        for direction in 0..<layout.prefix {
            let target = directions.base + direction * length
            for index in 0..<length { current[index] = Double(target[index]) }
            while true {
                let before = Self.norm(current)
                if before > 1e-9 {
                    for index in 0..<length { current[index] /= before }
                    for _ in 0..<2 { for other in 0..<direction { project(&current, away: other) } }
                    let after = Self.norm(current)
                    if after > 1e-3 {
                        for index in 0..<length { target[index] = Float(current[index] / after) }
                        break
                    }
                }
                guard axis < layout.dimension else { break }
                for index in 0..<length { current[index] = index == axis ? 1 : 0 }
                axis += 1
            }
        }
    }

    private func project(_ current: inout [Double], away other: Int) {
        let row = directions.base + other * layout.rowLength
        svk_sketch_subtract(&current, row, layout.rowLength)
    }

    private static func norm(_ vector: [Double]) -> Double {
        vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    /// The directions, each weighted by how far residuals reach along it, so that signs count for what they say; and the
    /// typical alignment of a residual with its own signs.
    func finish() -> (basis: AlignedMemory<Float>, alignment: Float) {
        let length = layout.rowLength
        var weights = [Double](repeating: 1, count: layout.prefix)
        for direction in 0..<layout.prefix where count > 0 {
            var squares = 0.0
            for row in 0..<count {
                let product = Double(component(row, direction))
                squares += product * product
            }
            weights[direction] = (squares / Double(count)).squareRoot()
        }
        // A floor, so that no direction is without any say.
        let floor = (weights.max() ?? 1) * 0.02 + 1e-6
        weights = weights.map { max($0, floor) }
        let norm = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let basis = AlignedMemory<Float>(count: layout.prefix * length, zero: 0)
        for direction in 0..<layout.prefix {
            for index in 0..<length {
                let position = direction * length + index
                basis.base[position] = Float(Double(directions.base[position]) * weights[direction] / norm)
            }
        }
        let looked = min(count, 512)
        var alignment = 0.0
        for row in 0..<looked {
            for direction in 0..<layout.prefix {
                alignment += Double(abs(component(row, direction))) * weights[direction] / norm
            }
        }
        let mean = looked > 0 ? alignment / Double(looked) : 0.5
        return (basis, Float(min(0.9, max(0.1, mean))))
    }

    private func component(_ row: Int, _ direction: Int) -> Float {
        let one = residuals.base + row * layout.rowLength
        let other = directions.base + direction * layout.rowLength
        return Float(svk_sketch_inner(one, other, layout.rowLength))
    }
}
