/// Gradient boosting of decision trees for a yes-or-no label, by histograms of binned features.
package struct TreeBoosting: Sendable {
    package var treeCount = 500
    package var leafCount = 16
    package var learningRate: Float = 0.03
    /// Pairs in a leaf at least.
    package var leafMinimum = 40
    /// L2 penalty on the value of a leaf.
    package var penalty: Float = 5
    /// Share of features that a tree may use, and of pairs that it is grown on.
    package var featureShare: Float = 0.5
    package var pairShare: Float = 0.7
    package var seed: UInt64 = 1

    package init() {}

    static let binCount = 64

    /// - Parameters:
    ///   - rows: one array of features per pair.
    ///   - weights: how much each pair counts.
    func train(_ rows: [[Float]], labels: [Bool], weights: [Float]) -> (trees: [DecisionTree], bias: Float) {
        let binned = BinnedFeatures(rows)
        var random = SeededGenerator(seed: seed)
        let share = Double(labels.count { $0 }) / Double(max(labels.count, 1))
        let bias = Float(LogisticFunction.logOdds(share))
        var scores = [Float](repeating: bias, count: rows.count)
        var trees: [DecisionTree] = []
        for _ in 0..<treeCount {
            var slopes = [Float](repeating: 0, count: rows.count)
            var curvatures = slopes
            for index in rows.indices {
                let probability = Float(LogisticFunction.probability(Double(scores[index])))
                slopes[index] = weights[index] * (probability - (labels[index] ? 1 : 0))
                curvatures[index] = weights[index] * max(probability * (1 - probability), 1e-6)
            }
            let chosen = rows.indices.filter { _ in random.uniform() < pairShare }.map(Int32.init)
            var features = Array(0..<binned.featureCount)
            features.shuffle(using: &random)
            features = Array(features.prefix(max(1, Int(Float(features.count) * featureShare)))).sorted()
            var grower = TreeGrower(
                settings: self, binned: binned, features: features, slopes: slopes, curvatures: curvatures)
            let tree = grower.grow(chosen)
            for index in rows.indices { scores[index] += tree.value(of: rows[index]) }
            trees.append(tree)
        }
        return (trees, bias)
    }
}

/// Features as numbers of bins of about equal counts; a bin ends with its upper edge.
struct BinnedFeatures {
    let featureCount: Int
    /// Per feature, ascending; one less than bins.
    let edges: [[Float]]
    /// `bins[feature][row]`.
    let bins: [[UInt8]]

    init(_ rows: [[Float]]) {
        featureCount = rows.first?.count ?? 0
        var edges: [[Float]] = []
        var bins: [[UInt8]] = []
        for feature in 0..<featureCount {
            let sorted = rows.map { $0[feature] }.sorted()
            var own: [Float] = []
            for step in 1..<TreeBoosting.binCount where !sorted.isEmpty {
                let edge = sorted[sorted.count * step / TreeBoosting.binCount]
                if own.last != edge, edge < sorted[sorted.count - 1] { own.append(edge) }
            }
            edges.append(own)
            bins.append(
                rows.map { row in
                    var low = 0
                    var high = own.count
                    while low < high {
                        let middle = (low + high) / 2
                        if row[feature] <= own[middle] { high = middle } else { low = middle + 1 }
                    }
                    return UInt8(low)
                })
        }
        self.edges = edges
        self.bins = bins
    }
}

/// Grows one tree, always at the leaf that gains most.
struct TreeGrower {
    let settings: TreeBoosting
    let binned: BinnedFeatures
    let features: [Int]
    let slopes: [Float]
    let curvatures: [Float]
    private var nodes: [DecisionTree.Node] = []

    init(
        settings: TreeBoosting, binned: BinnedFeatures, features: [Int], slopes: [Float], curvatures: [Float]
    ) {
        self.settings = settings
        self.binned = binned
        self.features = features
        self.slopes = slopes
        self.curvatures = curvatures
    }

    private struct Leaf {
        var position: Int
        var rows: [Int32]
        var split: Split?
    }

    private struct Split {
        var gain: Float
        var feature: Int
        var bin: Int
    }

    mutating func grow(_ rows: [Int32]) -> DecisionTree {
        nodes = [leafNode(rows)]
        var leaves = [Leaf(position: 0, rows: rows, split: bestSplit(rows))]
        while leaves.count < settings.leafCount {
            var best: Int?
            for (index, leaf) in leaves.enumerated() {
                guard let split = leaf.split else { continue }
                if let current = best, let other = leaves[current].split, other.gain >= split.gain { continue }
                best = index
            }
            guard let best, let split = leaves[best].split else { break }
            let leaf = leaves.remove(at: best)
            let bins = binned.bins[split.feature]
            let left = leaf.rows.filter { Int(bins[Int($0)]) <= split.bin }
            let right = leaf.rows.filter { Int(bins[Int($0)]) > split.bin }
            let position = nodes.count
            nodes[leaf.position] = DecisionTree.Node(
                feature: UInt8(split.feature), left: UInt8(position), value: binned.edges[split.feature][split.bin])
            nodes += [leafNode(left), leafNode(right)]
            leaves.append(Leaf(position: position, rows: left, split: bestSplit(left)))
            leaves.append(Leaf(position: position + 1, rows: right, split: bestSplit(right)))
        }
        return DecisionTree(nodes: nodes)
    }

    private func leafNode(_ rows: [Int32]) -> DecisionTree.Node {
        var slope: Float = 0
        var curvature: Float = 0
        for row in rows {
            slope += slopes[Int(row)]
            curvature += curvatures[Int(row)]
        }
        return DecisionTree.Node(
            feature: 0, left: 0, value: -settings.learningRate * slope / (curvature + settings.penalty))
    }

    private func bestSplit(_ rows: [Int32]) -> Split? {
        guard rows.count >= 2 * settings.leafMinimum else { return nil }
        var best: Split?
        for feature in features where !binned.edges[feature].isEmpty {
            var slopeSums = [Float](repeating: 0, count: TreeBoosting.binCount)
            var curvatureSums = slopeSums
            var counts = [Int32](repeating: 0, count: TreeBoosting.binCount)
            let bins = binned.bins[feature]
            for row in rows {
                let bin = Int(bins[Int(row)])
                slopeSums[bin] += slopes[Int(row)]
                curvatureSums[bin] += curvatures[Int(row)]
                counts[bin] += 1
            }
            let slope = slopeSums.reduce(0, +)
            let curvature = curvatureSums.reduce(0, +)
            let whole = slope * slope / (curvature + settings.penalty)
            var leftSlope: Float = 0
            var leftCurvature: Float = 0
            var leftCount = 0
            for bin in binned.edges[feature].indices {
                leftSlope += slopeSums[bin]
                leftCurvature += curvatureSums[bin]
                leftCount += Int(counts[bin])
                guard leftCount >= settings.leafMinimum, rows.count - leftCount >= settings.leafMinimum else {
                    continue
                }
                let rightSlope = slope - leftSlope
                let gain =
                    leftSlope * leftSlope / (leftCurvature + settings.penalty)
                    + rightSlope * rightSlope / (curvature - leftCurvature + settings.penalty) - whole
                if gain > 1e-4, gain > best?.gain ?? 0 { best = Split(gain: gain, feature: feature, bin: bin) }
            }
        }
        return best
    }
}
