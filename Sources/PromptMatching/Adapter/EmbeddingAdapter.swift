/// A residual head on an embedding: x + Wᵈ max(0, Wᵘx + b), brought to unit length.
///
/// Applied to what is inserted and to what is looked up, it turns "near in topic" into "near in what is asked", so
/// that the index itself ranks by meaning. Trained on labeled pairs by `EmbeddingAdapterTraining`.
package struct EmbeddingAdapter: Sendable, Equatable {
    /// Components of an embedding.
    package let dimension: Int
    /// Hidden units.
    package let hiddenCount: Int
    /// Wᵘ, row-major, `hiddenCount` rows of `dimension`.
    let up: [Float]
    /// `hiddenCount` biases.
    let bias: [Float]
    /// Wᵈ transposed: `hiddenCount` rows of `dimension`, so that units that are silent cost nothing.
    let down: [Float]
    /// Eight hexadecimal digits that tell this adapter from others: part of the name of what it makes of embeddings.
    package private(set) var fingerprint = ""

    /// - Parameter fingerprint: that of the file; computed from the weights as a file would have them if nil.
    init(dimension: Int, up: [Float], bias: [Float], down: [Float], fingerprint: String? = nil) {
        precondition(up.count == dimension * bias.count && down.count == up.count, "weights and dimension agree")
        self.dimension = dimension
        hiddenCount = bias.count
        self.up = up
        self.bias = bias
        self.down = down
        self.fingerprint = fingerprint ?? WeightFile.fingerprint(of: encoded())
    }

    /// The adapted embedding, of unit length; nil for another dimension or a zero vector.
    package func apply(_ embedding: [Float]) -> [Float]? {
        guard embedding.count == dimension else { return nil }
        return embedding.withUnsafeBufferPointer { apply($0) }
    }

    package func apply(_ embedding: UnsafeBufferPointer<Float>) -> [Float]? {
        guard embedding.count == dimension else { return nil }
        var result = Array(embedding)
        result.withUnsafeMutableBufferPointer { result in
            up.withUnsafeBufferPointer { up in
                down.withUnsafeBufferPointer { down in
                    for unit in 0..<hiddenCount {
                        let start = unit * dimension
                        let row = UnsafeBufferPointer(rebasing: up[start..<start + dimension])
                        let sum = VectorProducts.dot(row, embedding) + bias[unit]
                        guard sum > 0 else { continue }
                        VectorProducts.add(
                            UnsafeBufferPointer(rebasing: down[start..<start + dimension]), times: sum, to: result)
                    }
                }
            }
        }
        return VectorProducts.normalized(result)
    }
}

/// Sums over vectors, eight components at a time.
enum VectorProducts {
    static func dot(_ first: UnsafeBufferPointer<Float>, _ second: UnsafeBufferPointer<Float>) -> Float {
        let count = min(first.count, second.count)
        guard let left = first.baseAddress, let right = second.baseAddress else { return 0 }
        let rawLeft = UnsafeRawPointer(left)
        let rawRight = UnsafeRawPointer(right)
        var sum = SIMD8<Float>()
        var other = SIMD8<Float>()
        var position = 0
        while position + 16 <= count {
            sum +=
                rawLeft.loadUnaligned(fromByteOffset: position * 4, as: SIMD8<Float>.self)
                * rawRight.loadUnaligned(fromByteOffset: position * 4, as: SIMD8<Float>.self)
            other +=
                rawLeft.loadUnaligned(fromByteOffset: position * 4 + 32, as: SIMD8<Float>.self)
                * rawRight.loadUnaligned(fromByteOffset: position * 4 + 32, as: SIMD8<Float>.self)
            position += 16
        }
        var total = (sum + other).sum()
        while position < count {
            total += left[position] * right[position]
            position += 1
        }
        return total
    }

    static func add(
        _ row: UnsafeBufferPointer<Float>, times factor: Float, to target: UnsafeMutableBufferPointer<Float>
    ) {
        let count = min(row.count, target.count)
        guard let source = row.baseAddress, let goal = target.baseAddress else { return }
        let rawSource = UnsafeRawPointer(source)
        let rawGoal = UnsafeMutableRawPointer(goal)
        var position = 0
        while position + 8 <= count {
            let sum =
                rawGoal.loadUnaligned(fromByteOffset: position * 4, as: SIMD8<Float>.self)
                + factor * rawSource.loadUnaligned(fromByteOffset: position * 4, as: SIMD8<Float>.self)
            rawGoal.storeBytes(of: sum, toByteOffset: position * 4, as: SIMD8<Float>.self)
            position += 8
        }
        while position < count {
            goal[position] += factor * source[position]
            position += 1
        }
    }

    static func normalized(_ vector: [Float]) -> [Float]? {
        let square = vector.withUnsafeBufferPointer { dot($0, $0) }
        guard square > 0, square.isFinite else { return nil }
        let factor = 1 / square.squareRoot()
        return vector.map { $0 * factor }
    }
}
