/// What a histogram held at one moment.
package struct HistogramValues: Hashable, Sendable {
    /// Of each bucket of `HistogramScale`.
    package var counts: [Int]
    package var sum: Int

    package init(counts: [Int] = [Int](repeating: 0, count: HistogramScale.bucketCount), sum: Int = 0) {
        self.counts = counts
        self.sum = sum
    }

    package var count: Int { counts.reduce(0, &+) }

    /// Values that are at most this, which must be the bound of a bucket.
    package func count(upTo bound: Int64) -> Int {
        counts[...HistogramScale.bucket(of: bound)].reduce(0, &+)
    }

    /// What so large a share of the values does not exceed, rounded up to the bound of its bucket; nil without values.
    ///
    /// - Parameter share: 0 through 1.
    package func quantile(_ share: Double) -> Int64? {
        let count = self.count
        guard count > 0 else { return nil }
        let rank = max(1, Int((Double(count) * min(1, max(0, share))).rounded(.up)))
        var seen = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return HistogramScale.bound(bucket) }
        }
        return nil
    }
}
