import Foundation

/// Vectors of length one around centers, all of them decided by a seed: row *n* is the same in every run, and needs none
/// before it.
package struct ClusteredVectors: Sendable {
    package let dimension: Int
    private let seed: UInt64
    private let centers: [[Float]]

    /// Squared length of what is added to a center: rows of one cluster have a cosine of about 1 / (1 + spread).
    private static let spread: Float = 0.5
    /// The same for a query near a row: a cosine of about 0.99.
    private static let nearness: Float = 0.02

    package init(dimension: Int, centerCount: Int, seed: UInt64) {
        self.dimension = dimension
        self.seed = seed
        var generator = SplitMix(seed)
        centers = (0..<centerCount).map { _ in
            Self.normalized((0..<dimension).map { _ in generator.deviate() })
        }
    }

    package func row(_ number: Int) -> [Float] { row(number, stream: 1) }

    /// Every second query is near a row below `rowCount`, and finds it at 0.95; the others are nearest to rows of their
    /// cluster, and find none.
    package func query(_ number: Int, rowCount: Int) -> [Float] {
        guard number.isMultiple(of: 2) else { return row(number, stream: 2) }
        var generator = SplitMix(seed &+ 3 &* 0x5851_f42d_4c95_7f2d ^ UInt64(number))
        let row = row(Int(generator.next() % UInt64(rowCount)))
        return moved(row, by: Self.nearness, &generator)
    }

    private func row(_ number: Int, stream: UInt64) -> [Float] {
        var generator = SplitMix(seed &+ stream &* 0x5851_f42d_4c95_7f2d ^ UInt64(number))
        return moved(centers[Int(generator.next() % UInt64(centers.count))], by: Self.spread, &generator)
    }

    private func moved(_ vector: [Float], by squared: Float, _ generator: inout SplitMix) -> [Float] {
        // A deviate's variance is a third.
        let scale = (squared * 3 / Float(dimension)).squareRoot()
        return Self.normalized(vector.map { $0 + scale * generator.deviate() })
    }

    private static func normalized(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }
}

/// Sebastiano Vigna's SplitMix64: any seed is a good one.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Evenly from -1 up to 1.
    mutating func deviate() -> Float { Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }
}
