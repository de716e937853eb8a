import FoundationEssentials

/// The sizes of a BERT encoder, from `config.json` and the files that sentence-transformers puts beside it.
package struct EncoderConfiguration: Hashable, Sendable {
    package var vocabularyCount: Int
    package var layerCount: Int
    /// Components of an embedding.
    package var hiddenSize: Int
    package var headCount: Int
    package var intermediateSize: Int
    package var positionCount: Int
    package var tokenTypeCount: Int
    package var normalizationEpsilon: Float
    /// Tokens of a text, with the two that enclose it; what is beyond is cut off.
    package var maximumTokens: Int

    package var headSize: Int { hiddenSize / headCount }

    private struct Model: Decodable {
        var model_type: String?
        var hidden_act: String?
        var position_embedding_type: String?
        var is_decoder: Bool?
        var add_cross_attention: Bool?
        var vocab_size: Int
        var num_hidden_layers: Int
        var hidden_size: Int
        var num_attention_heads: Int
        var intermediate_size: Int
        var max_position_embeddings: Int
        var type_vocab_size: Int
        var layer_norm_eps: Double?
    }

    private struct Sentence: Decodable {
        var max_seq_length: Int?
        var do_lower_case: Bool?
    }

    private struct Pooling: Decodable {
        var pooling_mode_mean_tokens: Bool?
        var pooling_mode_cls_token: Bool?
        var pooling_mode_max_tokens: Bool?
        var pooling_mode_mean_sqrt_len_tokens: Bool?
        var pooling_mode_weightedmean_tokens: Bool?
        var pooling_mode_lasttoken: Bool?
    }

    private struct Tokenizer: Decodable {
        var do_lower_case: Bool?
        var strip_accents: Bool?
        var tokenize_chinese_chars: Bool?
    }

    /// Reads `config.json`, and where they are there `sentence_bert_config.json` (how many tokens a text may have),
    /// `1_Pooling/config.json` and `tokenizer_config.json` (which are only checked).
    ///
    /// - Throws: `file-unreadable`, `file-damaged`, `unsupported-architecture`, `unsupported-dimension`.
    package init(folder: String) throws(EmbeddingError) {
        guard let model = try Self.decode(Model.self, folder + "/config.json", isRequired: true) else {
            throw EmbeddingError(.fileUnreadable, "\(folder)/config.json cannot be read.")
        }
        try Self.checkArchitecture(model)
        if let tokenizer = try Self.decode(Tokenizer.self, folder + "/tokenizer_config.json") {
            try Self.require(
                tokenizer.do_lower_case ?? true && tokenizer.strip_accents ?? true
                    && tokenizer.tokenize_chinese_chars ?? true,
                "tokenizer_config.json asks for a tokenizer that keeps case or accents, or joins Chinese characters.")
        }
        if let pooling = try Self.decode(Pooling.self, folder + "/1_Pooling/config.json") {
            let others = [
                pooling.pooling_mode_cls_token, pooling.pooling_mode_max_tokens, pooling.pooling_mode_lasttoken,
                pooling.pooling_mode_mean_sqrt_len_tokens, pooling.pooling_mode_weightedmean_tokens,
            ]
            try Self.require(
                pooling.pooling_mode_mean_tokens ?? false && !others.contains(true),
                "1_Pooling/config.json asks for another pooling than the mean of all tokens.")
        }
        vocabularyCount = model.vocab_size
        layerCount = model.num_hidden_layers
        hiddenSize = model.hidden_size
        headCount = model.num_attention_heads
        intermediateSize = model.intermediate_size
        positionCount = model.max_position_embeddings
        tokenTypeCount = model.type_vocab_size
        normalizationEpsilon = Float(model.layer_norm_eps ?? 1e-12)
        let sentence = try Self.decode(Sentence.self, folder + "/sentence_bert_config.json")
        maximumTokens = min(
            sentence?.max_seq_length ?? EncoderLimits.defaultTokens, model.max_position_embeddings)
        try checkSizes()
    }

    private static func checkArchitecture(_ model: Model) throws(EmbeddingError) {
        try require(model.model_type == "bert", "the model is of type \(model.model_type ?? "unknown"), not bert.")
        try require(
            model.hidden_act ?? "gelu" == "gelu", "the activation is \(model.hidden_act ?? ""), not gelu.")
        try require(
            model.position_embedding_type ?? "absolute" == "absolute",
            "the position embeddings are \(model.position_embedding_type ?? ""), not absolute.")
        try require(
            model.is_decoder != true && model.add_cross_attention != true, "the model is a decoder, not an encoder.")
    }

    private static func require(_ condition: Bool, _ message: String) throws(EmbeddingError) {
        guard condition else { throw EmbeddingError(.unsupportedArchitecture, message) }
    }

    private func checkSizes() throws(EmbeddingError) {
        let sizes: [(String, Int, ClosedRange<Int>)] = [
            ("vocab_size", vocabularyCount, EncoderLimits.vocabularyRange),
            ("num_hidden_layers", layerCount, EncoderLimits.layerRange),
            ("hidden_size", hiddenSize, EncoderLimits.hiddenRange),
            ("num_attention_heads", headCount, EncoderLimits.headRange),
            ("intermediate_size", intermediateSize, EncoderLimits.intermediateRange),
            ("max_position_embeddings", positionCount, EncoderLimits.positionRange),
            ("max_seq_length", maximumTokens, EncoderLimits.positionRange),
            ("type_vocab_size", tokenTypeCount, 1...16),
        ]
        for (name, size, range) in sizes where !range.contains(size) {
            throw EmbeddingError(
                .unsupportedDimension, "\(name) is \(size); it must be \(range.lowerBound) through \(range.upperBound)."
            )
        }
        guard normalizationEpsilon.isFinite, normalizationEpsilon >= 0 else {
            throw EmbeddingError(.unsupportedDimension, "layer_norm_eps is \(normalizationEpsilon).")
        }
        let multiple = EncoderLimits.componentMultiple
        guard hiddenSize % headCount == 0, headSize % multiple == 0, intermediateSize % multiple == 0 else {
            throw EmbeddingError(
                .unsupportedDimension,
                "hidden_size \(hiddenSize) with num_attention_heads \(headCount) and intermediate_size "
                    + "\(intermediateSize): components of a head and of an intermediate row must be multiples of "
                    + "\(multiple).")
        }
    }

    /// - Returns: nil for an optional file that is not there.
    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ path: String, isRequired: Bool = false
    ) throws(EmbeddingError) -> Value? {
        guard isRequired || MappedFile.exists(path) else { return nil }
        let file = try MappedFile(path: path, limitBytes: EncoderLimits.configurationBytes)
        do {
            return try JSONDecoder().decode(type, from: Data(file.bytes))
        } catch {
            throw EmbeddingError(.fileDamaged, "\(path) is not the JSON that it should be: \(error)")
        }
    }
}
