#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The weights of an adapter in training, and one step of it. Matrices are row-major.
struct AdapterState {
    var generator: SeededGenerator
    private let training: EmbeddingAdapterTraining
    private let embeddings: EmbeddingTable
    private let dimension: Int
    private let hiddenCount: Int
    private var up: [Float]
    private var bias: [Float]
    private var down: [Float]
    /// Slope and offset of the logistic function of the cosine.
    private var logistic: [Float] = [10, -7.5]
    private var optimizers: [AdamOptimizer]

    init(training: EmbeddingAdapterTraining, embeddings: EmbeddingTable) {
        self.training = training
        self.embeddings = embeddings
        var random = SeededGenerator(seed: training.seed)
        dimension = embeddings.dimension
        hiddenCount = training.hiddenCount
        let scale = (2 / Float(dimension)).squareRoot()
        up = (0..<hiddenCount * dimension).map { _ in random.normal() * scale }
        bias = [Float](repeating: 0, count: hiddenCount)
        // Zero, so that training begins with the embeddings as they are.
        down = [Float](repeating: 0, count: hiddenCount * dimension)
        optimizers = [up.count, bias.count, down.count, 2].map { AdamOptimizer(count: $0) }
        generator = random
    }

    var adapter: EmbeddingAdapter { EmbeddingAdapter(dimension: dimension, up: up, bias: bias, down: down) }

    mutating func step(_ pairs: [LabeledPairs.Pair], components: [Int], rate: Float) {
        let count = pairs.count
        let rows = 2 * count
        // First texts, then second texts.
        var input: [Float] = []
        input.reserveCapacity(rows * dimension)
        for pair in pairs { input += embeddings[pair.first] }
        for pair in pairs { input += embeddings[pair.second] }

        var hidden: [Float] = []
        MatrixProducts.multiply(
            input, up, secondTransposed: true, rows: rows, inner: dimension, columns: hiddenCount, into: &hidden)
        let gates = activate(&hidden, rows: rows)
        var output: [Float] = []
        MatrixProducts.multiply(hidden, down, rows: rows, inner: hiddenCount, columns: dimension, into: &output)
        let lengths = normalizeRows(&output, adding: input, rows: rows)

        let first = Array(output[..<(count * dimension)])
        let second = Array(output[(count * dimension)...])
        var cosines: [Float] = []
        MatrixProducts.multiply(
            first, second, secondTransposed: true, rows: count, inner: dimension, columns: count, into: &cosines)
        var slopes = contrastSlopes(cosines, pairs: pairs, components: components)
        let logisticSlopes = addLabelSlopes(to: &slopes, cosines: cosines, pairs: pairs)

        var firstSlopes: [Float] = []
        var secondSlopes: [Float] = []
        MatrixProducts.multiply(slopes, second, rows: count, inner: count, columns: dimension, into: &firstSlopes)
        MatrixProducts.multiply(
            slopes, first, firstTransposed: true, rows: count, inner: count, columns: dimension, into: &secondSlopes)
        var outputSlopes = firstSlopes + secondSlopes
        passNormalization(&outputSlopes, units: output, lengths: lengths, rows: rows)

        var downSlopes: [Float] = []
        MatrixProducts.multiply(
            hidden, outputSlopes, firstTransposed: true, rows: hiddenCount, inner: rows, columns: dimension,
            into: &downSlopes)
        var hiddenSlopes: [Float] = []
        MatrixProducts.multiply(
            outputSlopes, down, secondTransposed: true, rows: rows, inner: dimension, columns: hiddenCount,
            into: &hiddenSlopes)
        for index in hiddenSlopes.indices { hiddenSlopes[index] *= gates[index] }
        var upSlopes: [Float] = []
        MatrixProducts.multiply(
            hiddenSlopes, input, firstTransposed: true, rows: hiddenCount, inner: rows, columns: dimension,
            into: &upSlopes)
        var biasSlopes = [Float](repeating: 0, count: hiddenCount)
        for row in 0..<rows {
            for unit in 0..<hiddenCount { biasSlopes[unit] += hiddenSlopes[row * hiddenCount + unit] }
        }
        optimizers[0].step(&up, gradient: upSlopes, rate: rate, decay: training.weightDecay)
        optimizers[1].step(&bias, gradient: biasSlopes, rate: rate)
        optimizers[2].step(&down, gradient: downSlopes, rate: rate, decay: training.weightDecay)
        optimizers[3].step(&logistic, gradient: logisticSlopes, rate: rate)
    }

    /// Adds the bias, silences what is negative and a random share of the rest; returns the slope of each unit.
    private mutating func activate(_ hidden: inout [Float], rows: Int) -> [Float] {
        var gates = [Float](repeating: 0, count: hidden.count)
        let kept = 1 / (1 - training.dropout)
        for row in 0..<rows {
            for unit in 0..<hiddenCount {
                let index = row * hiddenCount + unit
                let sum = hidden[index] + bias[unit]
                let isKept = generator.uniform() >= training.dropout
                gates[index] = sum > 0 && isKept ? kept : 0
                hidden[index] = sum * gates[index]
            }
        }
        return gates
    }

    /// Adds the input, the residual, and brings rows to unit length; returns their lengths before.
    private func normalizeRows(_ output: inout [Float], adding input: [Float], rows: Int) -> [Float] {
        var lengths = [Float](repeating: 1, count: rows)
        for row in 0..<rows {
            let range = row * dimension..<(row + 1) * dimension
            var square: Float = 0
            for index in range {
                output[index] += input[index]
                square += output[index] * output[index]
            }
            let length = max(square.squareRoot(), 1e-12)
            lengths[row] = length
            for index in range { output[index] /= length }
        }
        return lengths
    }

    /// The slope of u ∕ |u|: what points along the unit vector is lost.
    private func passNormalization(_ slopes: inout [Float], units: [Float], lengths: [Float], rows: Int) {
        for row in 0..<rows {
            let range = row * dimension..<(row + 1) * dimension
            var along: Float = 0
            for index in range { along += slopes[index] * units[index] }
            for index in range { slopes[index] = (slopes[index] - units[index] * along) / lengths[row] }
        }
    }

    // MARK: Losses

    /// Slopes of the softmax loss with respect to the cosines.
    private func contrastSlopes(_ cosines: [Float], pairs: [LabeledPairs.Pair], components: [Int]) -> [Float] {
        let count = pairs.count
        var slopes = [Float](repeating: 0, count: count * count)
        let sameCount = pairs.count { $0.isSame }
        guard sameCount > 0, training.contrastWeight > 0 else { return slopes }
        let factor = training.contrastWeight * 0.5 / training.temperature / Float(sameCount)
        var shares = [Float](repeating: 0, count: count)
        for (number, pair) in pairs.enumerated() where pair.isSame {
            for isColumn in [false, true] {
                var total: Float = 0
                for other in 0..<count {
                    let index = isColumn ? other * count + number : number * count + other
                    let isContrast = other == number || components[other] != components[number]
                    // Cosines are at most 1, so that no exponent is positive.
                    shares[other] = isContrast ? exp((cosines[index] - 1) / training.temperature) : 0
                    total += shares[other]
                }
                guard total > 0 else { continue }
                for other in 0..<count {
                    let index = isColumn ? other * count + number : number * count + other
                    slopes[index] += factor * (shares[other] / total - (other == number ? 1 : 0))
                }
            }
        }
        return slopes
    }

    /// Adds the slopes of the logistic loss; returns those of its own two weights.
    private func addLabelSlopes(to slopes: inout [Float], cosines: [Float], pairs: [LabeledPairs.Pair]) -> [Float] {
        let count = pairs.count
        var own: [Float] = [0, 0]
        for (number, pair) in pairs.enumerated() {
            let cosine = cosines[number * count + number]
            let probability = 1 / (1 + exp(-(logistic[0] * cosine + logistic[1])))
            let error = (probability - (pair.isSame ? 1 : 0)) / Float(count)
            own[0] += error * cosine
            own[1] += error
            slopes[number * count + number] += error * logistic[0]
        }
        return own
    }
}
