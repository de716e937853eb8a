/// Measures adapter and match model on pairs that they have not seen: each fold of questions is scored by what was
/// trained on
/// the others.
package struct MatcherEvaluation: Sendable {
    package var training = MatcherTraining()
    package var foldCount = 5
    package var seed: UInt64 = 1

    package init() {}

    /// One way to score pairs.
    package enum Method: String, Sendable, CaseIterable {
        case cosine = "cosine alone"
        case model = "match model alone"
        case adapter = "adapter alone"
        case both = "adapter and match model"
    }

    package struct Report: Sendable {
        package let method: Method
        /// Each fold by itself.
        package let folds: [RankingReport]
        /// All folds' pairs in one ranking, each scored by its own fold's model.
        package let pooled: RankingReport
    }

    /// - Parameter progress: called with the share of the work that is done.
    package func run(
        _ labeled: LabeledPairs, prompts: [PromptText], embeddings: EmbeddingTable,
        progress: (Double) -> Void = { _ in }
    ) throws(MatchingError) -> [Report] {
        let folds = QuestionSplit(labeled).folds(foldCount, seed: seed)
        var scores = [Method: [Double]](
            uniqueKeysWithValues: Method.allCases.map { ($0, [Double](repeating: 0, count: labeled.pairs.count)) })
        for fold in 0..<foldCount {
            let seen = labeled.pairs.indices.filter { folds[$0] != fold }
            var both = training
            both.seed = seed &* 101 &+ UInt64(fold)
            var alone = both
            alone.adapter = nil
            let trained = try both.train(labeled, prompts: prompts, embeddings: embeddings, chosen: seen) {
                progress((Double(fold) + $0) / Double(foldCount))
            }
            let trainedAlone = try alone.train(labeled, prompts: prompts, embeddings: embeddings, chosen: seen)
            for index in labeled.pairs.indices where folds[index] == fold {
                let pair = labeled.pairs[index]
                let texts = PromptPair(prompts[pair.first], prompts[pair.second])
                let cosine = embeddings.cosine(pair.first, pair.second)
                let adapted = MatcherTraining.similarity(pair, embeddings, trained.adapter)
                scores[.cosine]?[index] = cosine
                scores[.adapter]?[index] = adapted
                scores[.model]?[index] = trainedAlone.model.probability(texts, similarity: cosine)
                scores[.both]?[index] = trained.model.probability(texts, similarity: adapted)
            }
        }
        return Method.allCases.map { method in
            let own = scores[method] ?? []
            let reports = (0..<foldCount).map { fold in
                let indices = labeled.pairs.indices.filter { folds[$0] == fold }
                return RankingReport(
                    scores: indices.map { own[$0] }, labels: indices.map { labeled.pairs[$0].isSame })
            }
            return Report(
                method: method, folds: reports,
                pooled: RankingReport(scores: own, labels: labeled.pairs.map(\.isSame)))
        }
    }
}
