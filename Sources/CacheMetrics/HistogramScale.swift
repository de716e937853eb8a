/// How a histogram parts its values: eight buckets for each doubling, so that the bound of a bucket is at most an eighth
/// above any value in it.
///
/// Bucket `i` holds the values above `bound(i - 1)` and up to `bound(i)`: 1, 2, … 8, 9, … 16, 18, 20, … 32, 36, …
package enum HistogramScale {
    private static let subdivisionBits = 3
    private static let subdivisions = 1 << subdivisionBits
    /// 2 to the power of 36 is 68 seconds, in nanoseconds.
    private static let lastExponent = 36
    /// Buckets with a bound; one more holds what is larger.
    package static let boundedCount = (lastExponent - subdivisionBits + 1) << subdivisionBits
    package static let bucketCount = boundedCount + 1

    /// - Parameter value: everything below 1 counts as 1.
    package static func bucket(of value: Int64) -> Int {
        // Counted from 0, so that powers of two are the last values of their buckets and not the first.
        let offset = UInt64(max(1, value)) - 1
        guard offset >= subdivisions else { return Int(offset) }
        let exponent = 63 - offset.leadingZeroBitCount
        let subdivision = Int(offset >> (exponent - subdivisionBits)) & (subdivisions - 1)
        return min(((exponent - subdivisionBits + 1) << subdivisionBits) + subdivision, boundedCount)
    }

    /// The largest value of a bucket; `Int64.max` for the last.
    package static func bound(_ bucket: Int) -> Int64 {
        guard bucket < boundedCount else { return .max }
        guard bucket >= subdivisions else { return Int64(bucket + 1) }
        let exponent = bucket >> subdivisionBits - 1
        return Int64(subdivisions + bucket & (subdivisions - 1) + 1) << exponent
    }
}
