/// What a text became.
package struct TextEncoding: Hashable, Sendable {
    /// Of length one.
    package var embedding: [Float]
    /// Tokens that were encoded, with the two that enclose the text.
    package var tokenCount: Int
    /// Whether the end of the text was cut off.
    package var isTruncated: Bool
}

extension SentenceEncoder {
    /// Encodes texts on the calling thread.
    ///
    /// - Throws: `not-finite`.
    package func encode(_ texts: [String], scratch: EncoderScratch) throws(EmbeddingError) -> [TextEncoding] {
        let tokens = texts.map { tokenizer.tokens(of: $0) }
        let embeddings = try encode(tokens, scratch: scratch)
        var encodings: [TextEncoding] = []
        for (text, embedding) in zip(tokens, embeddings) {
            encodings.append(try Self.encoding(of: text, embedding: embedding))
        }
        return encodings
    }

    /// - Throws: `not-finite`.
    static func encoding(of text: TokenSequence, embedding: [Float]) throws(EmbeddingError) -> TextEncoding {
        guard embedding.allSatisfy(\.isFinite) else {
            throw EmbeddingError(.notFinite, "The embedding of a text is not finite: the weights are unusable.")
        }
        return TextEncoding(
            embedding: embedding, tokenCount: text.identifiers.count, isTruncated: text.isTruncated)
    }
}
