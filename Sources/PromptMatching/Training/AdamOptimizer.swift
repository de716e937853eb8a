/// Adam (Kingma and Ba 2015) for one array of weights, with decoupled weight decay (Loshchilov and Hutter 2019).
struct AdamOptimizer {
    private var mean: [Float]
    private var square: [Float]
    private var meanPower: Float = 1
    private var squarePower: Float = 1

    init(count: Int) {
        mean = [Float](repeating: 0, count: count)
        square = mean
    }

    mutating func step(_ weights: inout [Float], gradient: [Float], rate: Float, decay: Float = 0) {
        meanPower *= 0.9
        squarePower *= 0.999
        let meanFactor = 1 / (1 - meanPower)
        let squareFactor = 1 / (1 - squarePower)
        let keep = 1 - rate * decay
        weights.withUnsafeMutableBufferPointer { weights in
            mean.withUnsafeMutableBufferPointer { mean in
                square.withUnsafeMutableBufferPointer { square in
                    gradient.withUnsafeBufferPointer { gradient in
                        for index in 0..<min(weights.count, gradient.count) {
                            let slope = gradient[index]
                            mean[index] = 0.9 * mean[index] + 0.1 * slope
                            square[index] = 0.999 * square[index] + 0.001 * slope * slope
                            let step = mean[index] * meanFactor / ((square[index] * squareFactor).squareRoot() + 1e-8)
                            weights[index] = weights[index] * keep - rate * step
                        }
                    }
                }
            }
        }
    }
}
