package import PromptMatching

/// What people have said about pairs of prompts: whether they ask the same.
package struct PairLabels: Sendable {
    private struct Pair: Hashable {
        var first: Int32
        var second: Int32

        init(_ one: Int32, _ other: Int32) { (first, second) = (min(one, other), max(one, other)) }
    }

    private var labels: [Pair: Bool] = [:]
    /// Pairs of which both prompts are in the log.
    package var count: Int { labels.count }

    package init() {}

    package init(_ pairs: LabeledPairs, log: TrafficLog) {
        for pair in pairs.pairs {
            guard let first = log.number(ofText: pairs.texts[pair.first]),
                let second = log.number(ofText: pairs.texts[pair.second])
            else { continue }
            labels[Pair(first, second)] = pair.isSame
        }
    }

    /// Whether two requests ask the same; nil where nobody has said. Labels of the log go before pairs.
    func isSame(_ request: ReplayedRequest, _ other: ReplayedRequest, in log: TrafficLog) -> Bool? {
        if request.meaning >= 0, other.meaning >= 0 { return request.meaning == other.meaning }
        let first = log.questions[Int(request.question)].text
        let second = log.questions[Int(other.question)].text
        return first == second ? true : labels[Pair(first, second)]
    }
}
