import Foundation
import Testing

@testable import TextEmbedding

@Suite struct EncoderConfigurationTests {
    private let model: TinyModel

    init() throws { model = try TinyModel() }

    private func code() -> EmbeddingError.Code? {
        do {
            _ = try model.encoder()
            return nil
        } catch {
            return (error as? EmbeddingError)?.code
        }
    }

    @Test func aConfigurationIsReadWithWhatLiesBesideIt() throws {
        let configuration = try EncoderConfiguration(folder: model.folder.path)
        #expect(configuration.hiddenSize == 32 && configuration.headSize == 16 && configuration.layerCount == 2)
        #expect(configuration.maximumTokens == 24)
        try FileManager.default.removeItem(at: model.folder.appending(path: "sentence_bert_config.json"))
        #expect(try EncoderConfiguration(folder: model.folder.path).maximumTokens == 40)
    }

    @Test(arguments: [
        ("model_type", "roberta"), ("hidden_act", "relu"), ("hidden_act", "gelu_new"),
        ("position_embedding_type", "relative_key"),
    ])
    func anotherArchitectureIsRefused(_ field: String, _ value: String) throws {
        try model.write("config.json", model.configuration([field: value]))
        #expect(code() == .unsupportedArchitecture)
    }

    @Test(arguments: [
        ("hidden_size", 40), ("hidden_size", 0), ("hidden_size", -32), ("hidden_size", 1 << 40),
        ("num_attention_heads", 0), ("num_attention_heads", 3), ("num_attention_heads", 4), ("intermediate_size", 50),
        ("num_hidden_layers", 0), ("num_hidden_layers", 1_000_000), ("max_position_embeddings", 1),
        ("type_vocab_size", 0), ("vocab_size", 0), ("layer_norm_eps", -1),
    ])
    func aSizeThatCannotBeIsRefused(_ field: String, _ value: Int) throws {
        try model.write("config.json", model.configuration([field: value]))
        #expect(code() == .unsupportedDimension)
    }

    @Test func aVocabularyOfAnotherSizeIsRefused() throws {
        try model.write("vocab.txt", Data((TinyModel.words + ["more"]).joined(separator: "\n").utf8))
        #expect(code() == .vocabularyMismatch)
        try model.write("config.json", model.configuration(["vocab_size": TinyModel.words.count + 1]))
        #expect(code() == .weightsMismatch)
    }

    @Test func otherPoolingsAndTokenizersAreRefused() throws {
        try model.write("1_Pooling/config.json", ["pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false])
        #expect(code() == nil)
        try model.write("1_Pooling/config.json", ["pooling_mode_mean_tokens": false, "pooling_mode_cls_token": true])
        #expect(code() == .unsupportedArchitecture)
        try model.write("1_Pooling/config.json", ["pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true])
        #expect(code() == .unsupportedArchitecture)
        try FileManager.default.removeItem(at: model.folder.appending(path: "1_Pooling"))
        try model.write("tokenizer_config.json", ["do_lower_case": false])
        #expect(code() == .unsupportedArchitecture)
    }

    @Test func whatIsNotJsonIsDamagedAndWhatIsMissingUnreadable() throws {
        for text in ["", "{", "[]", "{\"hidden_size\": \"32\"}", "{\"hidden_size\": 1e99}"] {
            try model.write("config.json", Data(text.utf8))
            #expect(code() == .fileDamaged, "\(text)")
        }
        try FileManager.default.removeItem(at: model.folder.appending(path: "config.json"))
        #expect(code() == .fileUnreadable)
    }
}
