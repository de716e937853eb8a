/// The content of an adapter's file:
///
///     u32       dimension, 1–4,096
///     u32       hidden units, 1–4,096
///     f32 …     a bias for each hidden unit
///     rows      of Wᵘ, then of transposed Wᵈ: f32 scale, then `dimension` × i8; a weight is scale × number
extension EmbeddingAdapter {
    private static let sizeRange = 1...4_096

    package func encoded() -> [UInt8] {
        var writer = WeightWriter()
        writer.write(UInt32(dimension))
        writer.write(UInt32(hiddenCount))
        for value in bias { writer.write(value) }
        for matrix in [up, down] {
            for row in 0..<hiddenCount {
                let weights = matrix[row * dimension..<(row + 1) * dimension]
                let scale = Self.scale(of: weights)
                writer.write(scale)
                for weight in weights { writer.write(Self.step(weight, scale)) }
            }
        }
        return WeightFile.sealed(.adapter, content: writer.bytes)
    }

    package init(decoding file: [UInt8]) throws(MatchingError) {
        var reader = try WeightFile.content(of: file, kind: .adapter)
        let dimension = Int(try reader.read(UInt32.self))
        let hiddenCount = Int(try reader.read(UInt32.self))
        guard Self.sizeRange.contains(dimension), Self.sizeRange.contains(hiddenCount) else {
            throw WeightReader.damaged
        }
        try reader.check(hiddenCount, size: 4 + 2 * (4 + dimension))
        var bias: [Float] = []
        for _ in 0..<hiddenCount { bias.append(try reader.readFloat()) }
        var matrices: [[Float]] = []
        for _ in 0..<2 {
            var matrix: [Float] = []
            matrix.reserveCapacity(hiddenCount * dimension)
            for _ in 0..<hiddenCount {
                let scale = try reader.readFloat()
                for _ in 0..<dimension { matrix.append(scale * Float(try reader.read(Int8.self))) }
            }
            matrices.append(matrix)
        }
        try reader.checkEnd()
        self.init(
            dimension: dimension, up: matrices[0], bias: bias, down: matrices[1],
            fingerprint: WeightFile.fingerprint(of: file))
    }

    /// As it is after it has been written and read: what is measured should be what is shipped.
    func rounded() -> EmbeddingAdapter {
        func rounded(_ matrix: [Float]) -> [Float] {
            var matrix = matrix
            for row in 0..<hiddenCount {
                let range = row * dimension..<(row + 1) * dimension
                let scale = Self.scale(of: matrix[range])
                for index in range { matrix[index] = scale * Float(Self.step(matrix[index], scale)) }
            }
            return matrix
        }
        return EmbeddingAdapter(dimension: dimension, up: rounded(up), bias: bias, down: rounded(down))
    }

    private static func scale(of weights: ArraySlice<Float>) -> Float {
        (weights.map(abs).max() ?? 0) / 127
    }

    private static func step(_ weight: Float, _ scale: Float) -> Int8 {
        guard scale > 0 else { return 0 }
        return Int8(max(-127, min(127, (weight / scale).rounded())))
    }
}
