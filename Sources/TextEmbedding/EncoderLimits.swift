/// Every limit of the encoder, in one place. What a model folder says is held against these before memory is taken.
package enum EncoderLimits {
    // MARK: Model files

    package static let configurationBytes = 1 << 20
    package static let vocabularyBytes = 64 << 20
    package static let weightsHeaderBytes = 16 << 20

    // MARK: Sizes of a model

    package static let vocabularyRange = 4...(1 << 20)
    package static let layerRange = 1...64
    /// Components of a hidden row and of an embedding.
    package static let hiddenRange = 16...4_096
    package static let intermediateRange = 16...16_384
    package static let headRange = 1...256
    package static let positionRange = 2...8_192
    /// Components of a head, of a hidden row and of an intermediate row are multiples of the kernels' lanes.
    package static let componentMultiple = 16

    // MARK: Tokens

    /// Words with more scalars are unknown, as in the original.
    package static let wordScalars = 100
    /// Tokens of a text where the model's folder does not say how many it takes.
    package static let defaultTokens = 512

    // MARK: Batches

    /// Tokens that pass through the layers together; more are divided between texts. Bounds the memory of a thread.
    package static let passTokens = 2_048
    /// Tokens that the queue takes together, unless one text has more. Products with weights reach their full speed with
    /// some 15 tokens; from there on a larger batch only lets the first wait for the last.
    package static let batchTokens = 256
    /// Texts that may wait for the encoder.
    package static let waitingTexts = 1_024
    /// Tokens that may wait for the encoder.
    package static let waitingTokens = 65_536
}
