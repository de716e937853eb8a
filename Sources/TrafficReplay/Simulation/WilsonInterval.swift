/// Where a share lies that was counted on a sample: the 95 % interval of Wilson (1927), which holds for few and for none,
/// too.
package struct WilsonInterval: Hashable, Sendable {
    /// 0 through 1.
    package let lower: Double
    package let upper: Double

    /// - Returns: nil for a sample of none.
    package init?(_ count: Int, of total: Int) {
        guard total > 0, (0...total).contains(count) else { return nil }
        let z = 1.959_964
        let n = Double(total)
        let share = Double(count) / n
        let center = share + z * z / (2 * n)
        let spread = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        lower = count == 0 ? 0 : max(0, (center - spread) / scale)
        upper = count == total ? 1 : min(1, (center + spread) / scale)
    }
}
