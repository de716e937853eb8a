/// Held-back pairs by their probability: what a threshold has been worth on pairs that training had not seen.
///
/// 256 equal bins of probability, with the numbers of pairs that are the same and that are not.
package struct PrecisionTable: Sendable, Equatable {
    static let binCount = 256
    let same: [UInt32]
    let other: [UInt32]

    init(same: [UInt32], other: [UInt32]) {
        precondition(same.count == Self.binCount && other.count == Self.binCount, "one number a bin")
        self.same = same
        self.other = other
    }

    init(probabilities: [Double], labels: [Bool]) {
        var same = [UInt32](repeating: 0, count: Self.binCount)
        var other = same
        for (probability, isSame) in zip(probabilities, labels) {
            let bin = min(Int(max(probability, 0) * Double(Self.binCount)), Self.binCount - 1)
            if isSame { same[bin] += 1 } else { other[bin] += 1 }
        }
        self.init(same: same, other: other)
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
    }

    /// The lowest threshold at which held-back pairs had the wanted precision.
    ///
    /// - Parameter target: above 0, below 1.
    /// - Throws: `too-few-pairs` when no threshold reaches it, or fewer than 50 pairs and fewer than five times as
    ///   many as
    ///   one mistake needs at that precision lie above: then the figure would be luck.
    package func threshold(for target: TargetPrecision) throws(MatchingError) -> Threshold {
        let allSame = same.reduce(0) { $0 + Int($1) }
        var sameCount = 0
        var count = 0
        var best: Threshold?
        for bin in (0..<Self.binCount).reversed() {
            sameCount += Int(same[bin])
            count += Int(same[bin]) + Int(other[bin])
            guard count > 0 else { continue }
            let precision = Double(sameCount) / Double(count)
            guard precision >= target.value else { continue }
            best = Threshold(
                probability: Double(bin) / Double(Self.binCount), precision: precision,
                recall: allSame > 0 ? Double(sameCount) / Double(allSame) : 0, pairCount: count,
                precisionLowerBound: Self.lowerBound(precision, count: count))
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

    /// nil unless it is above 0 and below 1.
    package init?(_ value: Double) {
        guard value > 0, value < 1 else { return nil }
        self.value = value
    }
}
