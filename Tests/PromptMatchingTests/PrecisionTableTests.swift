import Testing

@testable import PromptMatching

@Suite struct PrecisionTableTests {
    @Test func theThresholdIsTheLowestThatHasTheWantedPrecision() throws {
        // 900 of 1,000 right at 0.95, 500 of 1,000 at 0.5.
        let probabilities = [Double](repeating: 0.95, count: 1_000) + [Double](repeating: 0.5, count: 1_000)
        let labels = (0..<2_000).map { $0 < 1_000 ? $0 % 10 != 0 : $0 % 2 == 0 }
        let table = PrecisionTable(
            probabilities: probabilities, similarities: probabilities, labels: labels)
        let strict = try table.threshold(for: try #require(TargetPrecision(0.9)))
        #expect(strict.probability > 0.5 && strict.probability <= 0.95)
        #expect(strict.pairCount == 1_000 && strict.precision == 0.9)
        #expect(abs(strict.recall - 900.0 / 1_400) < 1e-9)
        #expect(strict.precisionLowerBound > 0.88 && strict.precisionLowerBound < 0.9)
        #expect(try table.threshold(for: try #require(TargetPrecision(0.6))).pairCount == 2_000)
    }

    @Test func aPrecisionThatNoThresholdReachesIsRefused() throws {
        let table = PrecisionTable(
            probabilities: [Double](repeating: 0.9, count: 1_000),
            similarities: [Double](repeating: 0.9, count: 1_000), labels: (0..<1_000).map { $0 % 2 == 0 })
        let target = try #require(TargetPrecision(0.9))
        #expect(throws: MatchingError.self) { try table.threshold(for: target) }
    }

    @Test func aPrecisionThatRestsOnAFewPairsIsRefused() throws {
        let table = PrecisionTable(
            probabilities: [Double](repeating: 0.99, count: 60),
            similarities: [Double](repeating: 0.9, count: 60), labels: [Bool](repeating: true, count: 60))
        let modest = try #require(TargetPrecision(0.8))
        let bold = try #require(TargetPrecision(0.99))
        #expect(try table.threshold(for: modest).pairCount == 60)
        #expect(throws: MatchingError.self) { try table.threshold(for: bold) }
    }

    @Test func oneInAHundredOfThePairsThatAreTheSameLiesBelowTheFloor() throws {
        // Similarities from 0.5 upwards by thousandths; those that are not the same lie far below and do not count.
        let probabilities = (0..<400).map { $0 < 200 ? 0.6 : 0.9 } + [Double](repeating: 0.9, count: 40)
        let similarities = (0..<400).map { 0.5 + Double($0) / 1_000 } + [Double](repeating: 0.1, count: 40)
        let labels = (0..<440).map { $0 < 400 }
        let table = PrecisionTable(probabilities: probabilities, similarities: similarities, labels: labels)
        #expect(abs(table.similarityFloor(forProbability: 0.3) - 0.504) < 1e-6)
        #expect(abs(table.similarityFloor(forProbability: 0.7) - 0.702) < 1e-6)
        #expect(table.similarityFloor(forProbability: 1) == table.similarityFloor(forProbability: 0.9))
        let threshold = try table.threshold(for: try #require(TargetPrecision(0.8)))
        #expect(threshold.similarityFloor == table.similarityFloor(forProbability: threshold.probability))
    }

    @Test func aTableOfNoPairsHasNoFloor() {
        let table = PrecisionTable(probabilities: [], similarities: [], labels: [])
        #expect(table.similarityFloor(forProbability: 0.9) == -1)
    }

    @Test(arguments: [0, 1, -0.5, 2, Double.nan])
    func aTargetThatIsNoShareIsNone(_ value: Double) {
        #expect(TargetPrecision(value) == nil)
    }

    @Test func areaAndRecallAreThoseOfASmallExample() {
        let report = RankingReport(scores: [0.9, 0.8, 0.7, 0.6], labels: [true, false, true, false])
        #expect(report.area == 0.75)
        #expect(report.recalls == [0.5, 0.5, 0.5])
        let tied = RankingReport(scores: [1, 1], labels: [true, false])
        #expect(tied.area == 0.5 && tied.recalls == [0, 0, 0])
    }
}
