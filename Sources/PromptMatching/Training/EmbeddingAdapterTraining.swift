#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Trains an `EmbeddingAdapter` on labeled pairs.
///
/// Two losses on batches of pairs: every pair that is the same must be told from all others of its batch (softmax over
/// cosines ∕ temperature, both ways), and a logistic function of the cosine must give the label.
package struct EmbeddingAdapterTraining: Sendable {
    package var hiddenCount = 768
    package var epochCount = 10
    package var batchCount = 128
    package var learningRate: Float = 1e-3
    package var temperature: Float = 0.05
    /// How much the first loss counts beside the second.
    package var contrastWeight: Float = 0.3
    /// Share of hidden units silenced at each step.
    package var dropout: Float = 0.3
    package var weightDecay: Float = 0
    package var seed: UInt64 = 1

    package init() {}

    /// - Parameters:
    ///   - components: per pair, a number that pairs with a common text share; such pairs are no contrast to each
    ///     other.
    ///   - progress: called after each epoch, with the share of the work that is done.
    package func train(
        _ pairs: [LabeledPairs.Pair], components: [Int], embeddings: EmbeddingTable,
        progress: (Double) -> Void = { _ in }
    ) throws(MatchingError) -> EmbeddingAdapter {
        guard pairs.count >= 32, pairs.count == components.count else {
            throw MatchingError(.tooFewPairs, "an adapter needs at least 32 pairs, and there are \(pairs.count)")
        }
        MatrixProducts.useOneThread()
        var state = AdapterState(training: self, embeddings: embeddings)
        var order = Array(pairs.indices)
        let stepsPerEpoch = (pairs.count + batchCount - 1) / batchCount
        let stepCount = Float(epochCount * stepsPerEpoch)
        var step: Float = 0
        for epoch in 0..<epochCount {
            order.shuffle(using: &state.generator)
            for start in stride(from: 0, to: order.count, by: batchCount) {
                let batch = order[start..<min(start + batchCount, order.count)]
                step += 1
                let rate = learningRate * min(1, step / 50) * 0.5 * (1 + cos(Float.pi * step / stepCount))
                guard batch.count >= 8 else { continue }
                state.step(batch.map { pairs[$0] }, components: batch.map { components[$0] }, rate: rate)
            }
            progress(Double(epoch + 1) / Double(epochCount))
        }
        return state.adapter
    }
}

/// Embeddings of numbered texts.
package struct EmbeddingTable: Sendable {
    package let dimension: Int
    package let count: Int
    private let values: [Float]

    /// - Parameter values: row-major, one row of `dimension` for each text; brought to unit length here.
    package init(dimension: Int, values: [Float]) throws(MatchingError) {
        guard dimension > 0, values.count % dimension == 0 else {
            throw MatchingError(.invalidEmbeddings, "the embeddings are not rows of \(dimension) components")
        }
        self.dimension = dimension
        count = values.count / dimension
        var values = values
        for row in 0..<count {
            let range = row * dimension..<(row + 1) * dimension
            guard let unit = VectorProducts.normalized(Array(values[range])) else {
                throw MatchingError(.invalidEmbeddings, "embedding \(row) is zero or not finite")
            }
            values.replaceSubrange(range, with: unit)
        }
        self.values = values
    }

    package subscript(row: Int) -> ArraySlice<Float> { values[row * dimension..<(row + 1) * dimension] }

    package func cosine(_ first: Int, _ second: Int) -> Double {
        self[first].withUnsafeBufferPointer { left in
            self[second].withUnsafeBufferPointer { Double(VectorProducts.dot(left, $0)) }
        }
    }

    /// All rows through an adapter.
    package func adapted(by adapter: EmbeddingAdapter, rows: Set<Int>? = nil) throws(MatchingError) -> EmbeddingTable {
        guard adapter.dimension == dimension else {
            throw MatchingError(
                .invalidEmbeddings, "the adapter is for \(adapter.dimension) components, not \(dimension)")
        }
        var adapted = values
        for row in 0..<count where rows?.contains(row) ?? true {
            if let vector = self[row].withUnsafeBufferPointer({ adapter.apply($0) }) {
                adapted.replaceSubrange(row * dimension..<(row + 1) * dimension, with: vector)
            }
        }
        return try EmbeddingTable(dimension: dimension, values: adapted)
    }
}
