@testable import PromptMatching

/// Pairs with random embeddings, in which a hidden direction tells what is asked: the cosine alone knows little of it.
struct SyntheticPairs {
    let labeled: LabeledPairs
    let prompts: [PromptText]
    let embeddings: EmbeddingTable

    static let dimension = 16

    init(count: Int, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var texts: [String] = []
        var pairs: [LabeledPairs.Pair] = []
        var values: [Float] = []
        for number in 0..<count {
            let isSame = random.uniform() < 0.4
            let topic = (0..<Self.dimension).map { _ in random.normal() }
            for side in 0..<2 {
                var vector = topic.map { $0 + 0.5 * random.normal() }
                // What is asked: the sign of the first component.
                vector[0] = side == 0 || isSame ? 1 : -1
                values += vector
                texts.append("How do I \(isSame || side == 0 ? "open" : "paint") box \(number)?")
            }
            pairs.append(LabeledPairs.Pair(first: 2 * number, second: 2 * number + 1, isSame: isSame))
        }
        labeled = try LabeledPairs(texts: texts, pairs: pairs)
        prompts = texts.map { PromptText($0) }
        embeddings = try EmbeddingTable(dimension: Self.dimension, values: values)
    }

    static var training: MatcherTraining {
        var training = MatcherTraining()
        training.adapter?.hiddenCount = 16
        training.adapter?.epochCount = 4
        training.boosting.treeCount = 10
        training.boosting.leafMinimum = 10
        training.foldCount = 2
        return training
    }
}
