/// Which tokens two prompts share, by stem, each one at most once.
package struct PromptDifference: Sendable {
    /// Positions of tokens that the other prompt lacks, ascending.
    package private(set) var firstOnly: [Int] = []
    package private(set) var secondOnly: [Int] = []
    /// Pairs of positions, in no particular order.
    package private(set) var shared: [(first: Int, second: Int)] = []
    /// Stems that occur once in each prompt, as pairs of positions ascending in the first.
    package private(set) var unique: [(first: Int, second: Int)] = []

    package init(_ first: PromptText, _ second: PromptText) {
        var left = 0
        var right = 0
        while left < first.order.count || right < second.order.count {
            let leftKey = left < first.order.count ? first.tokens[Int(first.order[left])].key : .max
            let rightKey = right < second.order.count ? second.tokens[Int(second.order[right])].key : .max
            let key = min(leftKey, rightKey)
            let leftStart = left
            let rightStart = right
            while left < first.order.count, first.tokens[Int(first.order[left])].key == key { left += 1 }
            while right < second.order.count, second.tokens[Int(second.order[right])].key == key { right += 1 }
            let leftCount = left - leftStart
            let rightCount = right - rightStart
            for offset in 0..<max(leftCount, rightCount) {
                switch (offset < leftCount, offset < rightCount) {
                case (true, true):
                    shared.append((Int(first.order[leftStart + offset]), Int(second.order[rightStart + offset])))
                case (true, false): firstOnly.append(Int(first.order[leftStart + offset]))
                case (false, true): secondOnly.append(Int(second.order[rightStart + offset]))
                case (false, false): break
                }
            }
            if leftCount == 1, rightCount == 1 {
                unique.append((Int(first.order[leftStart]), Int(second.order[rightStart])))
            }
            // Only a token whose key is the largest number there is could end here without a step.
            if leftCount == 0, rightCount == 0 { break }
        }
        firstOnly.sort()
        secondOnly.sort()
        unique.sort { $0.first < $1.first }
    }
}
