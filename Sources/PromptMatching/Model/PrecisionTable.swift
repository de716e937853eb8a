/// Held-back pairs by their probability: what a threshold has been worth on pairs that training had not seen.
///
/// 256 equal bins of probability, with the numbers of pairs that are the same and that are not.
package struct PrecisionTable: Sendable, Equatable {
    static let binCount = 256
    /// Share of the pairs that are the same and reach a probability, which may lie below its floor of similarity.
    static let floorShare = 0.01
    let same: [UInt32]
    let other: [UInt32]
    /// Per bin: of the pairs that are the same and have at least the bin's probability, 1 % have a smaller similarity.
    let floors: [Float]

    init(same: [UInt32], other: [UInt32], floors: [Float]) {
        precondition(
            same.count == Self.binCount && other.count == Self.binCount && floors.count == Self.binCount,
            "one number a bin")
        self.same = same
        self.other = other
        self.floors = floors
    }

    /// - Parameter similarities: what the model was given as `similarity` for each pair.
    init(probabilities: [Double], similarities: [Double], labels: [Bool]) {
        var same = [UInt32](repeating: 0, count: Self.binCount)
        var other = same
        var ofBin = [[Float]](repeating: [], count: Self.binCount)
        for ((probability, similarity), isSame) in zip(zip(probabilities, similarities), labels) {
            let bin = Self.bin(of: probability)
            if isSame { same[bin] += 1 } else { other[bin] += 1 }
            if isSame { ofBin[bin].append(Float(similarity)) }
        }
        self.init(same: same, other: other, floors: Self.floors(ofBin))
    }

    private static func bin(of probability: Double) -> Int {
        min(Int(max(probability, 0) * Double(binCount)), binCount - 1)
    }

    /// Bins above the last pair have the floor of that pair's bin.
    private static func floors(_ similarities: [[Float]]) -> [Float] {
        var floors = [Float](repeating: -1, count: binCount)
        var above: [Float] = []
        for bin in (0..<binCount).reversed() where !(above.isEmpty && similarities[bin].isEmpty) {
            above = (above + similarities[bin]).sorted()
            floors[bin] = above[Int(Double(above.count) * floorShare)]
        }
        guard let last = floors.lastIndex(where: { $0 > -1 }) else { return floors }
        for bin in last..<binCount { floors[bin] = floors[last] }
        return floors
    }

    /// The similarity below which next to nothing reaches a probability: of the held-back pairs that ask the same and
    /// reached it, 1 % had less. Candidates below it need not be looked at. −1 if no pair is known.
    package func similarityFloor(forProbability probability: Double) -> Double {
        Double(floors[Self.bin(of: probability)])
    }

    package var pairCount: Int { zip(same, other).reduce(0) { $0 + Int($1.0) + Int($1.1) } }

    /// What a precision costs and how sure it is.
    package struct Threshold: Sendable, Equatable {
        /// Candidates at or above it are taken.
        package let probability: Double
        /// On the held-back pairs.
        package let precision: Double
        package let recall: Double
        /// Held-back pairs at or above the threshold.
        package let pairCount: Int
        /// Lower end of the 90 % confidence interval of the precision (Wilson 1927).
        package let precisionLowerBound: Double
        /// As `similarityFloor(forProbability:)`.
        package let similarityFloor: Double
    }

    /// The lowest threshold at which held-back pairs had the wanted precision.
    ///
    /// - Parameter target: above 0, below 1.
    /// - Throws: `too-few-pairs` when no threshold reaches it, or fewer than 50 pairs, or fewer than five times as
    ///   many as one mistake needs at that precision, lie above: then the figure would be luck.
    package func threshold(for target: TargetPrecision) throws(MatchingError) -> Threshold {
        let allSame = same.reduce(0) { $0 + Int($1) }
        var sameCount = 0
        var count = 0
        var best: Threshold?
        for bin in (0..<Self.binCount).reversed() {
            sameCount += Int(same[bin])
            count += Int(same[bin]) + Int(other[bin])
            // A threshold in a gap would take what no held-back pair speaks for.
            guard same[bin] > 0 || other[bin] > 0 else { continue }
            let precision = Double(sameCount) / Double(count)
            guard precision >= target.value else { continue }
            best = Threshold(
                probability: Double(bin) / Double(Self.binCount), precision: precision,
                recall: allSame > 0 ? Double(sameCount) / Double(allSame) : 0, pairCount: count,
                precisionLowerBound: Self.lowerBound(precision, count: count),
                similarityFloor: Double(floors[bin]))
        }
        let needed = max(50, Int((5 / (1 - target.value)).rounded(.up)))
        guard let best, best.pairCount >= needed else {
            throw MatchingError(
                .tooFewPairs,
                "a precision of \(target.value) needs \(needed) held-back pairs above its threshold, and there are "
                    + "\(best?.pairCount ?? 0)")
        }
        return best
    }

    private static func lowerBound(_ share: Double, count: Int) -> Double {
        let z = 1.645
        let n = Double(count)
        let center = share + z * z / (2 * n)
        let spread = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        return (center - spread) / (1 + z * z / n)
    }
}

/// The share of hits that shall be right, which a use case may ask for instead of a cosine threshold.
package struct TargetPrecision: Sendable, Equatable {
    package let value: Double

    /// What tables of figures begin with.
    package static let usual = TargetPrecision(checked: 0.87)

    private init(checked value: Double) { self.value = value }

    /// nil unless it is above 0 and below 1.
    package init?(_ value: Double) {
        guard value > 0, value < 1 else { return nil }
        self.value = value
    }
}
