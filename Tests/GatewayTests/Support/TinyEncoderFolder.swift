import Foundation

/// A BERT of made-up weights in a folder, small enough for a debug build: what the gateway does with an encoder is the
/// same with any.
final class TinyEncoderFolder {
    static let name = "tiny-encoder"
    static let dimension = 32
    /// With the two that enclose a text.
    static let maximumTokens = 24
    /// Each is a token.
    static let words = ["how", "do", "i", "reset", "my", "password", "refund", "policy", "?", "a", "b", "c"]

    let path: String
    private let root: URL

    /// - Parameter isUsable: without it, no vector is finite.
    init(isUsable: Bool = true) throws {
        root = FileManager.default.temporaryDirectory.appending(path: "semblance-tests-" + UUID().uuidString)
        let folder = root.appending(path: Self.name)
        path = folder.path
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + Self.words
        let (hidden, intermediate, positions) = (Self.dimension, 48, 40)
        func write(_ name: String, _ content: [String: Any]) throws {
            try JSONSerialization.data(withJSONObject: content).write(to: folder.appending(path: name))
        }
        try write(
            "config.json",
            [
                "model_type": "bert", "hidden_act": "gelu", "vocab_size": vocabulary.count, "num_hidden_layers": 1,
                "hidden_size": hidden, "num_attention_heads": 2, "intermediate_size": intermediate,
                "max_position_embeddings": positions, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
            ])
        try write("sentence_bert_config.json", ["max_seq_length": Self.maximumTokens, "do_lower_case": false])
        try Data((vocabulary.joined(separator: "\n") + "\n").utf8).write(to: folder.appending(path: "vocab.txt"))
        var shapes: [(String, [Int])] = [
            ("embeddings.word_embeddings.weight", [vocabulary.count, hidden]),
            ("embeddings.position_embeddings.weight", [positions, hidden]),
            ("embeddings.token_type_embeddings.weight", [2, hidden]),
        ]
        let layer = "encoder.layer.0."
        for (name, columns, depth) in [
            ("attention.self.query", hidden, hidden), ("attention.self.key", hidden, hidden),
            ("attention.self.value", hidden, hidden), ("attention.output.dense", hidden, hidden),
            ("intermediate.dense", intermediate, hidden), ("output.dense", hidden, intermediate),
        ] {
            shapes += [(layer + name + ".weight", [columns, depth]), (layer + name + ".bias", [columns])]
        }
        for name in ["embeddings.", layer + "attention.output.", layer + "output."] {
            shapes += [(name + "LayerNorm.weight", [hidden]), (name + "LayerNorm.bias", [hidden])]
        }
        var header: [String: Any] = [:]
        var numbers = Data()
        var state: UInt32 = 1
        for (name, shape) in shapes {
            let start = numbers.count
            for _ in 0..<shape.reduce(1, *) {
                state = state &* 1_664_525 &+ 1_013_904_223
                let value = isUsable ? Float(Int32(bitPattern: state)) / 4_294_967_296 : .nan
                withUnsafeBytes(of: value.bitPattern.littleEndian) { numbers.append(contentsOf: $0) }
            }
            header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [start, numbers.count]]
        }
        var text = try JSONSerialization.data(withJSONObject: header)
        while !text.count.isMultiple(of: 8) { text.append(UInt8(ascii: " ")) }
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        try (length + text + numbers).write(to: folder.appending(path: "model.safetensors"))
    }

    deinit { try? FileManager.default.removeItem(at: root) }
}
