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
        optimizers = [up.count, bias.count, down.count].map { AdamOptimizer(count: $0) }
        generator = random
    }

    var adapter: EmbeddingAdapter { EmbeddingAdapter(dimension: dimension, up: up, bias: bias, down: down) }

    mutating func step(_ pairs: [LabeledPairs.Pair], parts: [Int], rate: Float) {
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

        let half = count * dimension
        let cosines = (0..<count).map { pair in
            output.withUnsafeBufferPointer { output in
                let start = pair * dimension
                return VectorProducts.dot(
                    UnsafeBufferPointer(rebasing: output[start..<start + dimension]),
                    UnsafeBufferPointer(rebasing: output[half + start..<half + start + dimension]))
            }
        }
        let slopes = orderSlopes(cosines, isSame: pairs.map(\.isSame), parts: parts)
        var outputSlopes = [Float](repeating: 0, count: rows * dimension)
        for pair in 0..<count {
            for index in pair * dimension..<(pair + 1) * dimension {
                outputSlopes[index] = slopes[pair] * output[half + index]
                outputSlopes[half + index] = slopes[pair] * output[index]
            }
        }
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

    /// Slopes of Σ w log(1 + Σ exp((cₙ − cₛ) ∕ temperature)) with respect to the cosines c: the outer sum over parts
    /// and their weights w, the inner one over every pair n of the part and batch that is not the same and every pair s
    /// that is.
    private func orderSlopes(_ cosines: [Float], isSame: [Bool], parts: [Int]) -> [Float] {
        let temperature = Double(training.temperature)
        // The sum is one of products: exp(cₙ ∕ t) × exp(−cₛ ∕ t).
        let terms = zip(cosines, isSame).map { exp((($1 ? -1 : 1) * Double($0)) / temperature) }
        var same = [Double](repeating: 0, count: training.weights.count)
        var other = same
        for index in terms.indices {
            if isSame[index] { same[parts[index]] += terms[index] } else { other[parts[index]] += terms[index] }
        }
        return terms.indices.map { index in
            let part = parts[index]
            let factor = Double(training.weights[part]) / (1 + same[part] * other[part]) / temperature
            return Float((isSame[index] ? -other[part] : same[part]) * terms[index] * factor)
        }
    }
}
