import Gateway
import PromptMatching

/// A small matcher, taught in moments: the same activity is the same question, another activity another.
enum TaughtMatcher {
    private static let verbs = [
        "paint", "clean", "repair", "sell", "grow", "build", "store", "move", "cook", "photograph", "measure", "ship",
        "insure", "decorate", "copy", "wash", "print", "choose", "rent", "return",
    ]
    private static let things = [
        "fence", "window", "bicycle", "sofa", "tomato", "shelf", "guitar", "piano", "rice", "puppy", "garden", "box",
        "car", "cake", "key", "shirt", "poster", "lamp", "tent", "parcel",
    ]

    static func make() throws -> Matcher {
        var texts: [String] = []
        var pairs: [LabeledPairs.Pair] = []
        for (row, verb) in verbs.enumerated() {
            for (column, thing) in things.enumerated() {
                let isSame = (row + column) % 2 == 0
                // No question is in two pairs: those of other activities have odd sums of row and column.
                let (otherVerb, otherThing) = (verbs[(row + 3) % 20], things[(column + 7) % 20])
                texts.append("How do I \(verb) the \(thing)?")
                texts.append(isSame ? "How can I \(verb) my \(thing)?" : "How can I \(otherVerb) my \(otherThing)?")
                pairs.append(.init(first: texts.count - 2, second: texts.count - 1, isSame: isSame))
            }
        }
        var training = MatcherTraining()
        training.adapter = nil
        training.foldCount = 2
        training.boosting.treeCount = 10
        training.boosting.leafMinimum = 10
        let result = try training.train(
            LabeledPairs(texts: texts, pairs: pairs), prompts: texts.map { PromptText($0) },
            embeddings: EmbeddingTable(dimension: 1, values: [Float](repeating: 1, count: texts.count)))
        return try Matcher(model: result.model, adapter: nil)
    }
}
