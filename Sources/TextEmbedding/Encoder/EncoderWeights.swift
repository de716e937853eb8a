internal import CEncoderKernels

/// A matrix of weights, packed for the kernels, and its bias.
struct PackedMatrix {
    var panels: UnsafePointer<Float>
    var bias: UnsafePointer<Float>
    /// Units of 32 bits for each column.
    var depth: Int
    var panelCount: Int
}

/// Gain and shift of a layer normalization.
struct Normalization {
    var gain: UnsafePointer<Float>
    var shift: UnsafePointer<Float>
}

/// The weights of a model: the word embeddings where the file is mapped, everything else packed in one piece of memory.
///
/// `@unchecked Sendable`: pointers into memory that lives as long as the object and is not written to after `init`.
final class EncoderWeights: @unchecked Sendable {
    struct Layer {
        /// Queries, keys and values side by side.
        var attentionInput: PackedMatrix
        var attentionOutput: PackedMatrix
        var attentionNormalization: Normalization
        var intermediate: PackedMatrix
        var output: PackedMatrix
        var outputNormalization: Normalization
    }

    let precision: EncoderPrecision
    let words: UnsafePointer<Float>
    let positions: UnsafePointer<Float>
    /// Of the first token type, which is that of every token here.
    let tokenType: UnsafePointer<Float>
    let embeddingNormalization: Normalization
    let layers: [Layer]
    /// Bytes of memory besides the mapped file.
    var byteCount: Int { memory.count * 4 + (copiedWords?.count ?? 0) * 4 }

    private let memory: FloatMemory
    private let wordTensor: SafetensorsFile.Tensor
    private let copiedWords: FloatMemory?

    /// - Throws: `weights-missing`, `weights-mismatch`, `file-damaged`.
    init(
        file: SafetensorsFile, configuration: EncoderConfiguration, precision: EncoderPrecision
    ) throws(EmbeddingError) {
        let hidden = configuration.hiddenSize, intermediate = configuration.intermediateSize
        let prefix = file.contains("bert.embeddings.word_embeddings.weight") ? "bert." : ""
        let embeddings = prefix + "embeddings."
        let words = try file.tensor(
            embeddings + "word_embeddings.weight", shape: [configuration.vocabularyCount, hidden])
        let units = precision == .float32 ? 1 : 2
        let layerFloats = (4 * hidden * hidden + 2 * hidden * intermediate) / units + 9 * hidden + intermediate
        // The shapes of all tensors are compared with the file before so much memory is touched.
        let layerNames = (0..<configuration.layerCount).map { "\(prefix)encoder.layer.\($0)." }
        for name in layerNames {
            _ = try file.tensor(name + "intermediate.dense.weight", shape: [intermediate, hidden])
            _ = try file.tensor(name + "output.dense.weight", shape: [hidden, intermediate])
            _ = try file.tensor(name + "attention.self.query.weight", shape: [hidden, hidden])
        }
        let count = (configuration.positionCount + 3) * hidden + configuration.layerCount * layerFloats
        guard count <= file.byteCount / MemoryLayout<Float>.size else {
            throw EmbeddingError(.fileDamaged, "Tensors of the weights share their bytes: the file is too short.")
        }
        let memory = FloatMemory(count: count)
        var packer = WeightPacker(file: file, memory: memory, precision: precision)
        // The layers first: large pages for what is read most.
        var layers: [Layer] = []
        for name in layerNames {
            layers.append(
                Layer(
                    attentionInput: try packer.matrix(
                        ["query", "key", "value"].map { name + "attention.self.\($0)." }, columns: hidden,
                        depth: hidden),
                    attentionOutput: try packer.matrix(
                        [name + "attention.output.dense."], columns: hidden, depth: hidden),
                    attentionNormalization: try packer.normalization(
                        name + "attention.output.LayerNorm.", count: hidden),
                    intermediate: try packer.matrix(
                        [name + "intermediate.dense."], columns: intermediate, depth: hidden),
                    output: try packer.matrix([name + "output.dense."], columns: hidden, depth: intermediate),
                    outputNormalization: try packer.normalization(name + "output.LayerNorm.", count: hidden)))
        }
        self.layers = layers
        positions = try packer.vector(
            embeddings + "position_embeddings.weight", shape: [configuration.positionCount, hidden])
        // Only the first row is used.
        let types = try file.tensor(
            embeddings + "token_type_embeddings.weight", shape: [configuration.tokenTypeCount, hidden])
        tokenType = packer.copy(types, count: hidden)
        embeddingNormalization = try packer.normalization(embeddings + "LayerNorm.", count: hidden)
        if let floats = words.floats {
            self.words = floats
            copiedWords = nil
        } else {
            let copy = FloatMemory(count: words.count)
            UnsafeMutableRawBufferPointer(start: copy.base, count: words.bytes.count).copyMemory(from: words.bytes)
            self.words = UnsafePointer(copy.base)
            copiedWords = copy
        }
        // Of the mapped file only the rows of words that occur are read from now on.
        file.release()
        wordTensor = words
        self.memory = memory
        self.precision = precision
    }
}

/// Copies tensors into one piece of memory, one behind the other.
private struct WeightPacker {
    let file: SafetensorsFile
    let memory: FloatMemory
    let precision: EncoderPrecision
    private var used = 0

    init(file: SafetensorsFile, memory: FloatMemory, precision: EncoderPrecision) {
        self.file = file
        self.memory = memory
        self.precision = precision
    }

    /// Some linear layers of equal sizes side by side. `names` end in a dot; weights are rows, one for each column here.
    mutating func matrix(_ names: [String], columns: Int, depth: Int) throws(EmbeddingError) -> PackedMatrix {
        let units = precision == .float32 ? depth : depth / 2
        let start = take(names.count * columns * units)
        var panels = start
        for name in names {
            let tensor = try file.tensor(name + "weight", shape: [columns, depth])
            Self.withFloats(tensor) { rows in
                switch precision {
                case .float32: sek_pack(rows, columns, depth, depth, panels)
                case .bfloat16:
                    panels.withMemoryRebound(to: UInt16.self, capacity: 2 * columns * units) {
                        sek_pack_bfloat(rows, columns, depth, depth, $0)
                    }
                }
            }
            panels += columns * units
        }
        let bias = take(names.count * columns)
        for (index, name) in names.enumerated() {
            let tensor = try file.tensor(name + "bias", shape: [columns])
            Self.withFloats(tensor) { (bias + index * columns).update(from: $0, count: columns) }
        }
        return PackedMatrix(
            panels: UnsafePointer(start), bias: UnsafePointer(bias), depth: units,
            panelCount: names.count * columns / EncoderLimits.componentMultiple)
    }

    mutating func normalization(_ name: String, count: Int) throws(EmbeddingError) -> Normalization {
        Normalization(
            gain: try vector(name + "weight", shape: [count]), shift: try vector(name + "bias", shape: [count]))
    }

    mutating func vector(_ name: String, shape: [Int]) throws(EmbeddingError) -> UnsafePointer<Float> {
        let tensor = try file.tensor(name, shape: shape)
        return copy(tensor, count: tensor.count)
    }

    /// The first `count` numbers of a tensor that has as many.
    mutating func copy(_ tensor: SafetensorsFile.Tensor, count: Int) -> UnsafePointer<Float> {
        let start = take(count)
        Self.withFloats(tensor) { start.update(from: $0, count: count) }
        return UnsafePointer(start)
    }

    private mutating func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        precondition(memory.count - used >= count, "the sizes of the weights were added up wrongly")
        defer { used += count }
        return memory.base + used
    }

    private static func withFloats(_ tensor: SafetensorsFile.Tensor, _ body: (UnsafePointer<Float>) -> Void) {
        if let floats = tensor.floats { return body(floats) }
        let copy = FloatMemory(count: tensor.count)
        UnsafeMutableRawBufferPointer(start: copy.base, count: tensor.bytes.count).copyMemory(from: tensor.bytes)
        body(copy.base)
    }
}
