import CVectorKernels

/// The one number that decides whether two unit vectors are similar enough: the cosine similarity, -1 through 1.
///
/// It is the canonical dot product (`CVectorKernels.h`), limited to -1 through 1, and exactly 1 for rows with the same
/// bits.
package enum Similarity {
    /// How far the canonical dot product of a unit row with itself may lie from 1.
    ///
    /// The components were rounded once (relative error u = 2^-24), so the exact product is within 2u + u² of 1. The
    /// kernel adds at most n = 4096/32 + 5 = 133 roundings, γ_n = n·u / (1 - n·u), Higham, Accuracy and Stability of
    /// Numerical Algorithms, section 3.1. In sum below 8.1e-6; 2^-16 is 1.5e-5.
    static let identitySlack: Float = 0x1p-16

    /// The similarity of a query with a row, both unit vectors of `length` floats, padding included.
    package static func between(
        _ query: UnsafePointer<Float>, _ row: UnsafePointer<Float>, length: Int, kernels: Kernels
    ) -> Float {
        decided(dot: dot(query, row, length: length, kernels: kernels), query, row, length: length)
    }

    /// The canonical dot product of two rows.
    static func dot(
        _ query: UnsafePointer<Float>, _ row: UnsafePointer<Float>, length: Int, kernels: Kernels
    ) -> Float {
        var dot: Float = 0
        withUnsafePointer(to: query) { kernels.table.pointee.dots($0, 1, row, length, 1, length, &dot, 1) }
        return dot
    }

    /// The similarity of two unit vectors of the same dimension.
    package static func between(_ one: UnitVector, _ other: UnitVector, kernels: Kernels) -> Float {
        precondition(one.dimension == other.dimension, "vectors of different dimensions have no similarity")
        return one.withUnsafeRow { row in
            other.withUnsafeRow { otherRow in
                guard let query = row.baseAddress, let stored = otherRow.baseAddress else { return 0 }
                return between(query, stored, length: row.count, kernels: kernels)
            }
        }
    }

    /// From the canonical dot product of two rows to their similarity. NaN stays NaN.
    static func decided(
        dot: Float, _ query: UnsafePointer<Float>, _ row: UnsafePointer<Float>, length: Int
    ) -> Float {
        if dot >= 1 { return 1 }
        if dot >= 1 - identitySlack, svk_identical(query, row, length) != 0 { return 1 }
        return dot < -1 ? -1 : dot
    }

    /// The lowest canonical dot product that a row of at least this similarity can have.
    static func lowestDot(similarity: Float) -> Float {
        similarity <= -1 ? -.infinity : min(similarity, 1 - identitySlack)
    }

    /// How far a dot product by any summation order may lie from the canonical one, for unit rows of `length` floats.
    ///
    /// Each is within γ_n·Σ|q_i·x_i| of the exact product, and Σ|q_i·x_i| ≤ ‖q‖·‖x‖ ≤ 1 + 2^-22 (Cauchy–Schwarz). n is
    /// at most `length` for the other sum (each product and each addition rounded, in any order, fused or not) and less
    /// than `length` + 6 for the canonical one. So 2·γ_(length + 6) covers both; doubled roundings of products below
    /// the normal range (`length`·2^-149 at most) and ‖q‖·‖x‖ are covered by the factor 1 + 2^-10.
    static func summationSlack(length: Int) -> Float {
        let rounding = Double(length + 6) * 0x1p-24
        return Float(2 * rounding / (1 - rounding) * (1 + 0x1p-10)).nextUp
    }
}
