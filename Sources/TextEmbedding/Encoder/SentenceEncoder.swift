internal import CEncoderKernels

/// A BERT encoder with mean pooling, whose embeddings have length one.
///
/// The embedding of a text has the same bits whatever other texts are encoded with it. In float32 it has the same bits on
/// every machine.
package struct SentenceEncoder: Sendable {
    package let configuration: EncoderConfiguration
    package let tokenizer: WordPieceTokenizer
    package let kernels: EncoderKernels
    package var precision: EncoderPrecision { weights.precision }
    /// Components of an embedding.
    package var dimension: Int { configuration.hiddenSize }
    /// Bytes of memory besides the mapped file.
    package var weightBytes: Int { weights.byteCount }

    private let weights: EncoderWeights

    /// Reads a model in the form of Hugging Face: `config.json`, `vocab.txt`, `model.safetensors`.
    ///
    /// - Throws: what `EmbeddingError.Code` names for model folders; `unsupported-kernels` if these kernels do not have
    ///   the precision.
    package init(
        folder: String, kernels: EncoderKernels, precision: EncoderPrecision = .float32
    ) throws(EmbeddingError) {
        guard kernels.supports(precision) else {
            throw EmbeddingError(
                .unsupportedKernels, "The kernels of this machine, \(kernels.name), have no \(precision.rawValue).")
        }
        configuration = try EncoderConfiguration(folder: folder)
        let vocabulary = try Vocabulary(path: folder + "/vocab.txt")
        guard vocabulary.count == configuration.vocabularyCount else {
            throw EmbeddingError(
                .vocabularyMismatch,
                "vocab.txt has \(vocabulary.count) lines, config.json says \(configuration.vocabularyCount).")
        }
        tokenizer = WordPieceTokenizer(vocabulary: vocabulary, maximumTokens: configuration.maximumTokens)
        weights = try EncoderWeights(
            file: try SafetensorsFile(path: folder + "/model.safetensors"), configuration: configuration,
            precision: precision)
        self.kernels = kernels
    }

    /// The embeddings of texts, in their order, each with `dimension` components.
    ///
    /// - Throws: `invalid-tokens`. An embedding that is not finite is for the caller to notice; see `TextEncoding`.
    package func encode(_ texts: [TokenSequence], scratch: EncoderScratch) throws(EmbeddingError) -> [[Float]] {
        for text in texts { try check(text) }
        var embeddings: [[Float]] = []
        embeddings.reserveCapacity(texts.count)
        var first = 0
        while first < texts.count {
            var end = first, tokenCount = 0
            repeat {
                tokenCount += texts[end].identifiers.count
                end += 1
            } while end < texts.count && tokenCount + texts[end].identifiers.count <= EncoderLimits.passTokens
            let group = texts[first..<end]
            let longest = group.reduce(0) { max($0, $1.identifiers.count) }
            let layout = scratch.reserve(configuration: configuration, tokenCount: tokenCount, longest: longest)
            let pass = EncoderPass(
                configuration: configuration, weights: weights, kernels: kernels.table, scratch: scratch,
                layout: layout,
                tokenCount: tokenCount)
            embeddings += pass.run(group)
            first = end
        }
        return embeddings
    }

    /// - Throws: `invalid-tokens`.
    func check(_ text: TokenSequence) throws(EmbeddingError) {
        guard 1...configuration.maximumTokens ~= text.identifiers.count,
            text.identifiers.allSatisfy({ 0..<Int32(configuration.vocabularyCount) ~= $0 })
        else {
            throw EmbeddingError(
                .invalidTokens,
                "A text has \(text.identifiers.count) tokens, or tokens of another model; 1 through "
                    + "\(configuration.maximumTokens) of this one are encoded.")
        }
    }
}
