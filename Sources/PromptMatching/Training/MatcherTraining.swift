/// Trains what a gateway needs to tell prompts that ask the same: an adapter, word weights and a match model.
///
/// The model must see the adapter and the word weights as it will in use, on pairs they were not trained on. So the
/// pairs
/// are cut into folds by question; what the model learns from is made fold by fold with adapters and weights of the
/// others.
package struct MatcherTraining: Sendable {
    package var adapter: EmbeddingAdapterTraining? = EmbeddingAdapterTraining()
    package var boosting = TreeBoosting()
    package var foldCount = 4
    package var seed: UInt64 = 1

    package init() {}

    private static let leastPairsOfPart = 32

    package struct Result: Sendable {
        package let adapter: EmbeddingAdapter?
        package let model: MatchModel
        /// Per pair trained on, in their order: the probability by what was trained without its fold.
        package let heldBack: [Double]
    }

    /// - Parameters:
    ///   - chosen: indices of the pairs to train on; all if nil.
    ///   - progress: called with the share of the work that is done.
    package func train(
        _ labeled: LabeledPairs, prompts: [PromptText], embeddings: EmbeddingTable, chosen: [Int]? = nil,
        progress: (Double) -> Void = { _ in }
    ) throws(MatchingError) -> Result {
        let chosen = chosen ?? Array(labeled.pairs.indices)
        guard chosen.count >= 200 else {
            throw MatchingError(.tooFewPairs, "training needs at least 200 pairs, and there are \(chosen.count)")
        }
        guard embeddings.count == labeled.texts.count, prompts.count == labeled.texts.count else {
            throw MatchingError(.invalidEmbeddings, "\(embeddings.count) embeddings for \(labeled.texts.count) texts")
        }
        let split = QuestionSplit(labeled)
        let components = chosen.map { split.components[$0] }
        let pairs = chosen.map { labeled.pairs[$0] }
        let partOfPair = labeled.partOfPair
        let partOfChosen = chosen.map { partOfPair[$0] }
        let pairWeights = partOfChosen.map { labeled.weights[$0] }
        let promptPairs = pairs.map { PromptPair(prompts[$0.first], prompts[$0.second]) }
        let folds = QuestionSplit.folds(of: components, count: foldCount, seed: seed)
        let parts = Double(foldCount + 1)

        func part(of indices: [Int], number: Int) throws(MatchingError) -> (EmbeddingAdapter?, WordWeights) {
            guard indices.count >= Self.leastPairsOfPart else {
                throw MatchingError(
                    .tooFewPairs,
                    "the pairs hang together by the prompts that they share, so that they cannot be cut into folds that "
                        + "share none: one would leave \(indices.count) pairs to train on. Pairs of further prompts help.")
            }
            let weights = WordWeights(
                training: indices.map { (promptPairs[$0], pairs[$0].isSame, Double(pairWeights[$0])) })
            guard var training = self.adapter else { return (nil, weights) }
            training.seed = seed &* 31 &+ UInt64(number)
            training.weights = labeled.weights
            let trained = try training.train(
                indices.map { pairs[$0] }, parts: indices.map { partOfChosen[$0] }, embeddings: embeddings
            ) { progress((Double(number) + $0) / parts * 0.95) }
            return (trained.rounded(), weights)
        }

        var rows = [[Float]](repeating: [], count: pairs.count)
        var similarities = [Double](repeating: 0, count: pairs.count)
        for fold in 0..<foldCount {
            let (adapter, weights) = try part(of: pairs.indices.filter { folds[$0] != fold }, number: fold)
            for index in pairs.indices where folds[index] == fold {
                similarities[index] = Self.similarity(pairs[index], embeddings, adapter)
                rows[index] =
                    MatchFeatures(promptPairs[index], similarity: similarities[index], weights: weights).values
            }
        }
        let labels = pairs.map(\.isSame)
        let (adapter, weights) = try part(of: Array(pairs.indices), number: foldCount)
        let heldBack = crossFitted(rows, labels: labels, weights: pairWeights, folds: folds)
        let calibration = PlattScaling.fit(scores: heldBack, labels: labels)
        let (trees, bias) = boosting.train(rows, labels: labels, weights: pairWeights)
        let probabilities = heldBack.map {
            LogisticFunction.probability(calibration.slope * Double($0) + calibration.offset)
        }
        progress(1)
        let model = MatchModel(
            weights: weights, trees: trees, bias: bias, calibration: calibration,
            precision: PrecisionTable(probabilities: probabilities, similarities: similarities, labels: labels),
            adapterFingerprint: adapter?.fingerprint)
        return Result(adapter: adapter, model: model, heldBack: probabilities)
    }

    /// Scores of every pair by trees that were grown without its fold.
    private func crossFitted(
        _ rows: [[Float]], labels: [Bool], weights: [Float], folds: [Int]
    ) -> [Float] {
        var scores = [Float](repeating: 0, count: rows.count)
        for fold in 0..<foldCount {
            let others = rows.indices.filter { folds[$0] != fold }
            let (trees, bias) = boosting.train(
                others.map { rows[$0] }, labels: others.map { labels[$0] }, weights: others.map { weights[$0] })
            for index in rows.indices where folds[index] == fold {
                scores[index] = trees.reduce(bias) { $0 + $1.value(of: rows[index]) }
            }
        }
        return scores
    }

    /// The cosine of a pair's embeddings, through the adapter if there is one.
    package static func similarity(
        _ pair: LabeledPairs.Pair, _ embeddings: EmbeddingTable, _ adapter: EmbeddingAdapter?
    ) -> Double {
        guard let adapter, let first = embeddings[pair.first].withUnsafeBufferPointer({ adapter.apply($0) }),
            let second = embeddings[pair.second].withUnsafeBufferPointer({ adapter.apply($0) })
        else { return embeddings.cosine(pair.first, pair.second) }
        return first.withUnsafeBufferPointer { left in
            second.withUnsafeBufferPointer { Double(VectorProducts.dot(left, $0)) }
        }
    }
}

/// Fits a logistic function of a score to labels (Platt 1999), by Newton's method.
enum PlattScaling {
    static func fit(scores: [Float], labels: [Bool]) -> (slope: Double, offset: Double) {
        var slope = 1.0
        var offset = 0.0
        for _ in 0..<30 {
            var gradient = (slope: 1e-6 * (slope - 1), offset: 0.0)
            var curvature = (slope: 1e-6, mixed: 0.0, offset: 1e-6)
            for (score, label) in zip(scores, labels) {
                let x = Double(score)
                let probability = LogisticFunction.probability(slope * x + offset)
                let error = probability - (label ? 1 : 0)
                let weight = max(probability * (1 - probability), 1e-9)
                gradient.slope += error * x
                gradient.offset += error
                curvature.slope += weight * x * x
                curvature.mixed += weight * x
                curvature.offset += weight
            }
            let determinant = curvature.slope * curvature.offset - curvature.mixed * curvature.mixed
            guard determinant > 1e-12 else { break }
            let slopeStep = (gradient.slope * curvature.offset - gradient.offset * curvature.mixed) / determinant
            let offsetStep = (gradient.offset * curvature.slope - gradient.slope * curvature.mixed) / determinant
            slope -= slopeStep
            offset -= offsetStep
            if abs(slopeStep) + abs(offsetStep) < 1e-9 { break }
        }
        return slope > 0 && slope.isFinite && offset.isFinite ? (slope, offset) : (1, 0)
    }
}
