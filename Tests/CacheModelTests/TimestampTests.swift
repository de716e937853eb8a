import CacheModel
import Testing

@Suite struct TimestampTests {
    private static let extremes: [Int64] = [.min, .min + 1, -1_000, -1, 0, 1, 1_700_000_000_000, .max - 1, .max]

    /// Against the same arithmetic in 128 bits.
    @Test func arithmeticSaturatesInsteadOfTrapping() {
        for one in Self.extremes {
            for other in Self.extremes {
                let sum = Timestamp(milliseconds: one).advanced(byMilliseconds: other)
                #expect(sum.milliseconds == Self.clamp(Int128(one) + Int128(other)))
                let difference = Timestamp(milliseconds: one).milliseconds(since: Timestamp(milliseconds: other))
                #expect(difference == Self.clamp(Int128(one) - Int128(other)))
            }
        }
    }

    @Test func timestampsOrderAsTheirMilliseconds() {
        let sorted = Self.extremes.reversed().map { Timestamp(milliseconds: $0) }.sorted()
        #expect(sorted.map(\.milliseconds) == Self.extremes)
    }

    private static func clamp(_ value: Int128) -> Int64 { Int64(clamping: value) }
}
