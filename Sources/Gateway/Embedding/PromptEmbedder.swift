/// Makes embeddings of questions.
package protocol PromptEmbedder: Sendable {
    /// What makes the vectors: a label that the cache compares, at most `Limits.modelBytes` bytes.
    var model: String { get }

    /// One vector for each text, in their order, all of one length. It fails rather than take long.
    ///
    /// - Throws: `embedder_unavailable`, `CancellationError`.
    func embed(_ texts: [String]) async throws -> [[Float]]
}
