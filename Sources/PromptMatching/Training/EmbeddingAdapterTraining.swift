#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Trains an `EmbeddingAdapter` on labeled pairs.
///
/// The loss of a batch is small when every pair that is the same has a larger cosine than every pair that is not
/// (CoSENT, Su 2022): it asks for an order and leaves open what cosine a label has.
package struct EmbeddingAdapterTraining: Sendable {
    package var hiddenCount = 768
    package var epochCount = 6
    package var batchCount = 128
    package var learningRate: Float = 1e-3
    package var temperature: Float = 0.05
    /// Share of hidden units silenced at each step.
    package var dropout: Float = 0.4
    package var weightDecay: Float = 0
    package var seed: UInt64 = 1
    /// How much the loss of each part counts.
    package var weights: [Float] = [1]

    package init() {}

    /// - Parameters:
    ///   - parts: per pair, its place in `weights`; all in the first if nil. Pairs of different parts are not compared.
    ///   - progress: called after each epoch, with the share of the work that is done.
    package func train(
        _ pairs: [LabeledPairs.Pair], parts: [Int]? = nil, embeddings: EmbeddingTable,
        progress: (Double) -> Void = { _ in }
    ) throws(MatchingError) -> EmbeddingAdapter {
        guard pairs.count >= 32 else {
            throw MatchingError(.tooFewPairs, "an adapter needs at least 32 pairs, and there are \(pairs.count)")
        }
        let parts = parts ?? [Int](repeating: 0, count: pairs.count)
        precondition(parts.count == pairs.count && parts.allSatisfy(weights.indices.contains), "each pair has a part")
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
                state.step(batch.map { pairs[$0] }, parts: batch.map { parts[$0] }, rate: rate)
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
