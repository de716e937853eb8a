import CacheMetrics
import Testing

@Suite struct HistogramTests {
    @Test func eachValueIsInTheBucketThatEndsAtOrBeyondItAndTheOneBeforeEndsBelow() {
        var values: [Int64] = Array(1...5_000)
        for exponent in 12..<36 { values += [-1, 0, 1, 12_345 % (1 << exponent)].map { (1 << exponent) + $0 } }
        for value in values {
            let bucket = HistogramScale.bucket(of: value)
            #expect(value <= HistogramScale.bound(bucket))
            if bucket > 0 { #expect(value > HistogramScale.bound(bucket - 1)) }
        }
    }

    @Test func boundsAreAnEighthApartAtMostAndEachPowerOfTwoIsOne() {
        for bucket in 1..<HistogramScale.boundedCount {
            let (bound, before) = (HistogramScale.bound(bucket), HistogramScale.bound(bucket - 1))
            #expect(bound > before)
            if before >= 8 { #expect((bound - before) * 8 <= before) }
        }
        for exponent in 0...36 {
            let power = Int64(1) << exponent
            #expect(HistogramScale.bound(HistogramScale.bucket(of: power)) == power)
        }
    }

    @Test(arguments: [Int64.min, -1, 0, 1])
    func whatIsNoTimeCountsAsTheSmallest(_ value: Int64) { #expect(HistogramScale.bucket(of: value) == 0) }

    @Test(arguments: [Int64(1 << 36) + 1, .max])
    func whatIsBeyondTheScaleHasTheLastBucket(_ value: Int64) {
        #expect(HistogramScale.bucket(of: value) == HistogramScale.bucketCount - 1)
        #expect(HistogramScale.bound(HistogramScale.bucketCount - 1) == .max)
    }

    @Test func quantilesAreNeverTooLowAndAtMostAnEighthTooHigh() {
        let series = HistogramSeries()
        for value in 1...1_000 { series.record(Int64(value * 1_000)) }
        let values = series.values
        #expect(values.count == 1_000)
        #expect(values.sum == 500_500_000)
        for share in [0.001, 0.25, 0.5, 0.9, 0.99, 1] {
            let exact = Int64((share * 1_000).rounded(.up)) * 1_000
            let quantile = values.quantile(share) ?? 0
            #expect(quantile >= exact && (quantile - exact) * 8 <= exact, "\(share): \(quantile)")
        }
        #expect(HistogramValues().quantile(0.5) == nil)
    }

    @Test func nothingIsLostWhenThreadsRecordAtTheSameTime() async {
        let series = HistogramSeries()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for value in 0..<1_000 { series.record(Int64(task * 1_000 + value)) } }
            }
        }
        #expect(series.values.count == 8_000)
        #expect(series.values.sum == 7_999 * 8_000 / 2)
    }
}
