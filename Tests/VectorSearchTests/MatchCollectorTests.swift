import Testing

@testable import VectorSearch

@Suite struct MatchCollectorTests {
    @Test func rowsBelowTheCutChangeNothingAndTheCutNeverFalls() {
        for seed in 0..<UInt64(200) {
            var random = SeededGenerator(seed: seed)
            let threshold: Float = [-1, 0, 0.5, 0.75].randomElement(using: &random) ?? 0
            let neighbors = Int.random(in: 1...6, using: &random)
            var all = MatchCollector()
            var sparing = MatchCollector()
            all.begin(threshold: threshold, neighbors: neighbors)
            sparing.begin(threshold: threshold, neighbors: neighbors)
            for order in 0..<UInt64(60) {
                // Few different values, so that many are equal.
                let similarity = Float(Int.random(in: -8...8, using: &random)) / 8
                let isExcluded = Int.random(in: 0..<4, using: &random) == 0
                let reason = UInt8.random(in: 3...4, using: &random)
                let cut = sparing.cut
                func offer(_ collector: inout MatchCollector) {
                    if isExcluded {
                        collector.exclude(similarity: similarity, reason: reason)
                    } else {
                        collector.accept(row: UInt32(order), similarity: similarity, order: order)
                    }
                    collector.checkInvariants()
                }
                offer(&all)
                if similarity >= cut { offer(&sparing) }
                #expect(sparing.cut >= cut)
                #expect(sparing.result == all.result)
            }
        }
    }
}
