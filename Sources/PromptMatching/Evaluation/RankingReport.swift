/// How well scores put pairs that are the same before those that are not.
package struct RankingReport: Sendable, Equatable {
    package static let precisions = [0.87, 0.90, 0.93]

    package let pairCount: Int
    /// Area under the ROC curve.
    package let area: Double
    /// The largest recall at each of `precisions`, over all thresholds.
    package let recalls: [Double]

    package init(scores: [Double], labels: [Bool]) {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        let total = Double(labels.count { $0 })
        var same = 0.0
        var count = 0.0
        var pairsAbove = 0.0
        var recalls = [Double](repeating: 0, count: Self.precisions.count)
        var position = 0
        while position < order.count {
            // Equal scores are taken together: no threshold can part them.
            var tiedSame = 0.0
            var tied = 0.0
            let score = scores[order[position]]
            while position < order.count, scores[order[position]] == score {
                if labels[order[position]] { tiedSame += 1 }
                tied += 1
                position += 1
            }
            pairsAbove += (tied - tiedSame) * (same + tiedSame / 2)
            same += tiedSame
            count += tied
            for (index, precision) in Self.precisions.enumerated() where same / count >= precision {
                recalls[index] = max(recalls[index], total > 0 ? same / total : 0)
            }
        }
        pairCount = labels.count
        let others = Double(labels.count) - total
        area = total > 0 && others > 0 ? pairsAbove / (total * others) : 0
        self.recalls = recalls
    }
}
