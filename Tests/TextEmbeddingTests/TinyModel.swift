import Foundation

@testable import TextEmbedding

/// A BERT of random weights, small enough to compute by hand, in a folder of the form of Hugging Face.
final class TinyModel {
    let hidden = 32
    let heads = 2
    let intermediate = 48
    let layers = 2
    let positions = 40
    let maximumTokens = 24
    let vocabulary: [String]
    let folder: URL
    private(set) var tensors: [String: (shape: [Int], values: [Float])] = [:]

    static let words = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "how", "do", "i", "reset", "my", "password", "?", "!", "a", "b",
        "c", "##a", "##b", "##c", "##ing", "##s", "run", "semantic", "cache", "the", "of", "\u{4e2d}",
    ]

    init(seed: UInt64 = 1, prefix: String = "") throws {
        vocabulary = Self.words
        folder = FileManager.default.temporaryDirectory.appending(path: "semblance-tests-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var random = SeededGenerator(seed: seed)
        func add(_ name: String, _ shape: [Int], scale: Float, offset: Float = 0) {
            let values = random.components(shape.reduce(1, *), scale: scale).map { $0 + offset }
            tensors[prefix + name] = (shape, values)
        }
        func normalization(_ name: String) {
            add(name + "LayerNorm.weight", [hidden], scale: 0.3, offset: 1)
            add(name + "LayerNorm.bias", [hidden], scale: 0.2)
        }
        func linear(_ name: String, _ columns: Int, _ depth: Int) {
            add(name + ".weight", [columns, depth], scale: 0.4)
            add(name + ".bias", [columns], scale: 0.2)
        }
        add("embeddings.word_embeddings.weight", [vocabulary.count, hidden], scale: 1)
        add("embeddings.position_embeddings.weight", [positions, hidden], scale: 0.5)
        add("embeddings.token_type_embeddings.weight", [2, hidden], scale: 0.5)
        normalization("embeddings.")
        for layer in 0..<layers {
            let name = "encoder.layer.\(layer)."
            for part in ["query", "key", "value"] { linear(name + "attention.self." + part, hidden, hidden) }
            linear(name + "attention.output.dense", hidden, hidden)
            normalization(name + "attention.output.")
            linear(name + "intermediate.dense", intermediate, hidden)
            linear(name + "output.dense", hidden, intermediate)
            normalization(name + "output.")
        }
        try write("config.json", configuration())
        try write("sentence_bert_config.json", ["max_seq_length": maximumTokens, "do_lower_case": false])
        try write("vocab.txt", Data((vocabulary.joined(separator: "\n") + "\n").utf8))
        try write("model.safetensors", weights())
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ name: String, _ content: Data) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try content.write(to: file)
    }

    func write(_ name: String, _ content: [String: Any]) throws {
        try write(name, JSONSerialization.data(withJSONObject: content))
    }

    func configuration(_ changes: [String: Any] = [:]) -> [String: Any] {
        let fields: [String: Any] = [
            "model_type": "bert", "hidden_act": "gelu", "vocab_size": vocabulary.count, "num_hidden_layers": layers,
            "hidden_size": hidden, "num_attention_heads": heads, "intermediate_size": intermediate,
            "max_position_embeddings": positions, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        ]
        return fields.merging(changes) { $1 }
    }

    /// A safetensors file of all tensors.
    ///
    /// - Parameters:
    ///   - changes: entries of the header that are put in the place of others.
    ///   - oddBytes: by how many bytes the numbers are out of line.
    func weights(changes: [String: Any] = [:], oddBytes: Int = 0) throws -> Data {
        var header: [String: Any] = ["__metadata__": ["format": "pt"]]
        var numbers = Data()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let start = numbers.count
            tensor.values.withUnsafeBytes { numbers.append(contentsOf: $0) }
            header[name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [start, numbers.count]]
        }
        header.merge(changes) { $1 }
        var text = try JSONSerialization.data(withJSONObject: header)
        while (text.count - oddBytes) % 8 != 0 { text.append(UInt8(ascii: " ")) }
        return Self.file(header: text, numbers: numbers)
    }

    static func file(header: Data, numbers: Data) -> Data {
        var length = UInt64(header.count).littleEndian
        return withUnsafeBytes(of: &length) { Data($0) } + header + numbers
    }

    func encoder(
        _ kernels: EncoderKernels? = nil, precision: EncoderPrecision = .float32
    ) throws -> SentenceEncoder {
        try SentenceEncoder(
            folder: folder.path, kernels: kernels ?? EncoderKernels(environment: [:]), precision: precision)
    }

    /// Texts of `count` random tokens each, enclosed as the tokenizer does it.
    func texts(_ counts: [Int], seed: UInt64) -> [TokenSequence] {
        var random = SeededGenerator(seed: seed)
        return counts.map { count in
            let inner = (0..<count - 2).map { _ in Int32.random(in: 5..<Int32(vocabulary.count), using: &random) }
            return TokenSequence(identifiers: [2] + inner + [3])
        }
    }
}
