/// The probability that two prompts ask the same thing: boosted decision trees over `MatchFeatures`, calibrated.
package struct MatchModel: Sendable, Equatable {
    package let weights: WordWeights
    let trees: [DecisionTree]
    /// Log-odds before the first tree.
    let bias: Float
    /// Calibration of the sum of trees: slope and offset (Platt 1999).
    let calibration: (slope: Double, offset: Double)
    /// Which probability gives which precision, from held-back pairs.
    package let precision: PrecisionTable
    /// `EmbeddingAdapter.fingerprint` of the adapter whose embeddings the similarity is of: model and adapter belong
    /// together. nil if the model was trained without one.
    package let adapterFingerprint: String?

    /// Whether the similarity is that of adapted embeddings.
    package var usesAdapter: Bool { adapterFingerprint != nil }

    package static func == (first: MatchModel, second: MatchModel) -> Bool {
        first.weights == second.weights && first.trees == second.trees && first.bias == second.bias
            && first.calibration == second.calibration && first.precision == second.precision
            && first.adapterFingerprint == second.adapterFingerprint
    }

    package func features(_ pair: PromptPair, similarity: Double) -> MatchFeatures {
        MatchFeatures(pair, similarity: similarity, weights: weights)
    }

    /// From 0 through 1.
    package func probability(_ features: MatchFeatures) -> Double {
        LogisticFunction.probability(calibration.slope * Double(score(features.values)) + calibration.offset)
    }

    package func probability(_ pair: PromptPair, similarity: Double) -> Double {
        probability(features(pair, similarity: similarity))
    }

    func score(_ values: [Float]) -> Float { trees.reduce(bias) { $0 + $1.value(of: values) } }
}

/// A binary tree: each inner node sends values at or below its threshold to its left child.
struct DecisionTree: Sendable, Equatable {
    struct Node: Sendable, Equatable {
        /// Index of the feature; of no meaning in a leaf.
        var feature: UInt8
        /// Position of the left child, the right child follows; 0 marks a leaf.
        var left: UInt8
        /// The threshold, or a leaf's value.
        var value: Float
    }

    static let nodeLimit = 255
    /// Children come after their parents, so that every walk ends.
    var nodes: [Node]

    func value(of features: [Float]) -> Float {
        var position = 0
        nodes.withUnsafeBufferPointer { nodes in
            while nodes[position].left != 0 {
                let node = nodes[position]
                position = Int(node.left) + (features[Int(node.feature)] <= node.value ? 0 : 1)
            }
        }
        return nodes[position].value
    }

    /// Whether every walk stays inside of the tree and ends.
    var isSound: Bool {
        guard !nodes.isEmpty, nodes.count <= Self.nodeLimit else { return false }
        return nodes.indices.allSatisfy { position in
            let node = nodes[position]
            guard node.value.isFinite else { return false }
            return node.left == 0
                || (Int(node.left) > position && Int(node.left) + 1 < nodes.count
                    && Int(node.feature) < MatchFeatures.names.count)
        }
    }
}
