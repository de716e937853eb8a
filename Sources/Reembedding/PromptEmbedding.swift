/// What turns prompts into embeddings: a server, or a test's idea of one.
package protocol PromptEmbedding: Sendable {
    /// - Returns: one vector for each text, in their order, all of one length.
    /// - Throws: `CacheError` when it cannot be done, also after trying again.
    func embed(_ texts: [String]) async throws -> EmbeddedPrompts
}

package struct EmbeddedPrompts: Hashable, Sendable {
    package var vectors: [[Float]]
    /// What the server says that it has counted; 0 when it says nothing.
    package var tokenCount: Int

    package init(vectors: [[Float]], tokenCount: Int = 0) {
        self.vectors = vectors
        self.tokenCount = tokenCount
    }
}
