/// Values to try one after the other, as `0.80:0.99:0.01`: from, to and step; one value alone is itself.
package struct ThresholdSweep: Hashable, Sendable {
    /// Growing.
    package let values: [Double]

    package static let expectation = "one number from 0 through 1, or FROM:TO:STEP such as 0.80:0.99:0.01"
    static let largestCount = 200

    /// - Returns: nil for what cannot be read, and for more than 200 values.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { part in
            DecimalNumber.scaled(part.utf8, power: 9)
        }
        guard parts.count == 1 || parts.count == 3, !parts.contains(nil) else { return nil }
        let numbers = parts.compactMap(\.self)
        let first = numbers[0]
        let last = numbers.count == 3 ? numbers[1] : first
        let step = numbers.count == 3 ? numbers[2] : 1
        guard first <= last, last <= 1_000_000_000, step > 0, (last - first) / step < Int64(Self.largestCount) else {
            return nil
        }
        values = stride(from: first, through: last, by: Int64.Stride(step)).map { Double($0) / 1e9 }
    }
}
