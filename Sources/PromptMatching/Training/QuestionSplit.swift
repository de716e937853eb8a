/// Splits pairs so that no question stands on two sides: pairs that a common text connects stay together.
package struct QuestionSplit: Sendable {
    /// Per pair, the number of its connected component.
    package let components: [Int]

    package init(_ pairs: LabeledPairs) {
        // Equal texts are one question, however many numbers they have.
        var numbers: [String: Int] = [:]
        var roots = pairs.texts.indices.map { index in
            let text = pairs.texts[index]
            if let number = numbers[text] { return number }
            numbers[text] = index
            return index
        }
        func root(_ start: Int) -> Int {
            var index = start
            while roots[index] != index {
                roots[index] = roots[roots[index]]
                index = roots[index]
            }
            return index
        }
        for pair in pairs.pairs { roots[root(pair.first)] = root(pair.second) }
        components = pairs.pairs.map { root($0.first) }
    }

    /// Per pair, its fold: a random one for each component.
    package func folds(_ count: Int, seed: UInt64) -> [Int] {
        Self.folds(of: components, count: count, seed: seed)
    }

    static func folds(of components: [Int], count: Int, seed: UInt64) -> [Int] {
        var random = SeededGenerator(seed: seed)
        var fold: [Int: Int] = [:]
        for component in components where fold[component] == nil {
            fold[component] = Int.random(in: 0..<count, using: &random)
        }
        return components.map { fold[$0] ?? 0 }
    }
}
