/// Measures adapter and match model on pairs that they have not seen: each fold of questions is scored by what was
/// trained on
/// the others.
package struct MatcherEvaluation: Sendable {
    package var training = MatcherTraining()
    package var foldCount = 5
    package var seed: UInt64 = 1

    package init() {}

    /// What `Report.isTaken` is about.
    package static let target = TargetPrecision.usual

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
        /// The same of each of the sets that were joined.
        package let parts: [RankingReport]
        /// Per pair.
        package let scores: [Double]
        /// Per pair, whether it reaches its own fold's threshold for the precision `MatcherEvaluation.target`; never
        /// for what has no table of precisions.
        package let isTaken: [Bool]
    }

    /// - Parameter progress: called with the share of the work that is done.
    package func run(
        _ labeled: LabeledPairs, prompts: [PromptText], embeddings: EmbeddingTable,
        progress: (Double) -> Void = { _ in }
    ) throws(MatchingError) -> [Report] {
        let folds = QuestionSplit(labeled).folds(foldCount, seed: seed)
        var scores = [Method: [Double]](
            uniqueKeysWithValues: Method.allCases.map { ($0, [Double](repeating: 0, count: labeled.pairs.count)) })
        var isTaken = [Method: [Bool]](
            uniqueKeysWithValues: Method.allCases.map { ($0, [Bool](repeating: false, count: labeled.pairs.count)) })
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
            let threshold = Self.threshold(trained.model)
            let thresholdAlone = Self.threshold(trainedAlone.model)
            for index in labeled.pairs.indices where folds[index] == fold {
                let pair = labeled.pairs[index]
                let texts = PromptPair(prompts[pair.first], prompts[pair.second])
                let cosine = embeddings.cosine(pair.first, pair.second)
                let adapted = MatcherTraining.similarity(pair, embeddings, trained.adapter)
                scores[.cosine]?[index] = cosine
                scores[.adapter]?[index] = adapted
                let alone = trainedAlone.model.probability(texts, similarity: cosine)
                let both = trained.model.probability(texts, similarity: adapted)
                scores[.model]?[index] = alone
                scores[.both]?[index] = both
                isTaken[.model]?[index] = alone >= thresholdAlone
                isTaken[.both]?[index] = both >= threshold
            }
        }
        return Method.allCases.map { method in
            let own = scores[method] ?? []
            let reports = (0..<foldCount).map { fold in
                let indices = labeled.pairs.indices.filter { folds[$0] == fold }
                return RankingReport(
                    scores: indices.map { own[$0] }, labels: indices.map { labeled.pairs[$0].isSame })
            }
            let labels = labeled.pairs.map(\.isSame)
            return Report(
                method: method, folds: reports, pooled: RankingReport(scores: own, labels: labels),
                parts: labeled.parts.map { RankingReport(scores: Array(own[$0]), labels: Array(labels[$0])) },
                scores: own, isTaken: isTaken[method] ?? [])
        }
    }

    /// Above every probability where the table cannot say.
    private static func threshold(_ model: MatchModel) -> Double {
        (try? model.precision.threshold(for: target))?.probability ?? 2
    }
}
