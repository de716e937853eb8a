import CVectorKernels
package import CacheModel

/// An embedding of length one, as it is stored and searched: `dimension` floats, zeros up to `stride`, at a 64-byte
/// boundary.
///
/// The same components give the same bits on every machine. A copy shares the memory.
package struct UnitVector: Sendable {
    package let dimension: Int
    /// The length of the vector before it was normalized; the greatest finite number where it was larger than that.
    package private(set) var norm: Float
    private let storage: Storage

    /// Floats that a row of this dimension takes: the next multiple of 16.
    package static func stride(dimension: Int) -> Int {
        let padding = Int(SVK_ROW_PADDING)
        return (dimension + padding - 1) / padding * padding
    }

    package var stride: Int { Self.stride(dimension: dimension) }

    /// - Throws: as the initializer with a buffer.
    package init(_ components: [Float]) throws(CacheError) {
        do {
            self = try components.withUnsafeBufferPointer { buffer throws(CacheError) in try UnitVector(buffer) }
        }
    }

    /// - Throws: `invalidArgument` for a dimension outside of `Limits.dimensionRange`, `invalidVector` for a component
    /// that is
    ///   not finite and for a vector of zeros.
    package init(_ components: UnsafeBufferPointer<Float>) throws(CacheError) {
        let range = Limits.dimensionRange
        guard range.contains(components.count) else {
            throw CacheError(
                .invalidArgument, "A vector has \(range.lowerBound) through \(range.upperBound) components.",
                detail: ["field": "vector", "limit": "\(range.upperBound)", "got": "\(components.count)"])
        }
        let norm = Self.norm(components)
        guard norm.isFinite else {
            throw CacheError(.invalidVector, "A component of the vector is not a finite number.")
        }
        guard norm > 0 else { throw CacheError(.invalidVector, "A vector of zeros has no direction.") }

        let storage = Storage(count: Self.stride(dimension: components.count))
        let inverse = 1 / norm
        for (index, component) in components.enumerated() {
            storage.floats[index] = Float(Double(component) * inverse)
        }
        self.dimension = components.count
        self.norm = min(Float(norm), .greatestFiniteMagnitude)
        self.storage = storage
    }

    /// A vector that was normalized before, with its bits as they are.
    ///
    /// - Parameter norm: the length that it had before; finite and more than 0.
    /// - Throws: as the other initializers; `invalidVector` also for one whose length is not 1 to within what rounding
    ///   its components does.
    package init(normalized components: [Float], norm: Float) throws(CacheError) {
        var vector = try UnitVector(components)
        // Each component was rounded by at most 2⁻²⁴ of itself, and so was the length; those that are subnormal add
        // nothing.
        guard abs(vector.norm - 1) <= 0x1p-22 else {
            throw CacheError(.invalidVector, "The vector is not of length one, as that of a copied entry is.")
        }
        guard norm > 0, norm.isFinite else {
            throw CacheError(.invalidVector, "The length of a vector is a finite number more than 0.")
        }
        for (index, component) in components.enumerated() { vector.storage.floats[index] = component }
        vector.norm = norm
        self = vector
    }

    /// The square root of the sum of squares; NaN or infinite if a component is.
    ///
    /// The square of a float is exact in a double and neither overflows nor vanishes there (1e-90 to 1e77), so the only
    /// roundings are those of the sums, whose order is fixed: component i goes to sum i mod 8. A compiler that fuses
    /// the multiplication with the addition changes nothing.
    private static func norm(_ components: UnsafeBufferPointer<Float>) -> Double {
        var sums = SIMD8<Double>.zero
        let whole = components.count / 8 * 8
        for start in Swift.stride(from: 0, to: whole, by: 8) {
            var eight = SIMD8<Double>.zero
            for lane in 0..<8 { eight[lane] = Double(components[start + lane]) }
            sums += eight * eight
        }
        for index in whole..<components.count {
            let component = Double(components[index])
            sums[index - whole] += component * component
        }
        let fours = sums.lowHalf + sums.highHalf
        let pairs = fours.lowHalf + fours.highHalf
        return (pairs[0] + pairs[1]).squareRoot()
    }

    /// Calls `body` with the `stride` floats of the vector.
    package func withUnsafeRow<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(storage.floats))
    }

    /// The address of the row; valid as long as this vector or a copy of it lives.
    var address: UnsafePointer<Float> { UnsafePointer(storage.address) }

    /// Memory of a vector. Written in the vector's initializer only, hence safe to share.
    private final class Storage: @unchecked Sendable {
        let address: UnsafeMutablePointer<Float>
        let floats: UnsafeMutableBufferPointer<Float>

        init(count: Int) {
            let bytes = UnsafeMutableRawPointer.allocate(
                byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
            address = bytes.initializeMemory(as: Float.self, repeating: 0, count: count)
            floats = UnsafeMutableBufferPointer(start: address, count: count)
        }

        deinit { UnsafeMutableRawPointer(address).deallocate() }
    }
}

extension UnitVector: Equatable {
    /// Whether dimension and components have the same bits; the norms may differ.
    package static func == (one: UnitVector, other: UnitVector) -> Bool {
        one.dimension == other.dimension
            && one.withUnsafeRow { row in
                other.withUnsafeRow { otherRow in
                    zip(row, otherRow).allSatisfy { $0.bitPattern == $1.bitPattern }
                }
            }
    }
}
