import CacheModel
import FoundationEssentials
import GatewayCore
package import TextEmbedding

/// The encoder in this process. What is asked at the same time is encoded as one batch.
package struct BuiltInEmbedder: PromptEmbedder {
    package let model: String
    /// Components of a vector.
    package let dimension: Int
    private let queue: EncodingQueue

    /// - Parameter folder: of the model; its name is the label of the vectors.
    package init(folder: String) throws(EmbeddingError) {
        let environment = ProcessInfo.processInfo.environment
        let encoder = try SentenceEncoder(folder: folder, kernels: EncoderKernels(environment: environment))
        dimension = encoder.dimension
        let name = folder.split(separator: "/").last.map(String.init) ?? ""
        model = String(decoding: name.utf8.prefix(Limits.modelBytes), as: UTF8.self)
        queue = EncodingQueue(encoder: encoder)
    }

    /// Tokens of a text, with the two that enclose it.
    var maximumTokens: Int { queue.encoder.tokenizer.maximumTokens }

    func tokens(of text: String) -> TokenSequence { queue.encoder.tokenizer.tokens(of: text) }

    package func embed(_ texts: [String]) async throws -> [[Float]] {
        try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for (index, text) in texts.enumerated() {
                group.addTask { (index, try await embed(tokens(of: text))) }
            }
            var vectors = [[Float]](repeating: [], count: texts.count)
            for try await (index, vector) in group { vectors[index] = vector }
            return vectors
        }
    }

    /// - Throws: as `embed(_: [String])`.
    func embed(_ text: TokenSequence) async throws -> [Float] {
        do {
            return try await queue.encode(text).embedding
        } catch {
            if error.code == .cancelled { throw CancellationError() }
            throw GatewayError(.embedderUnavailable, error.message, retryAfterSeconds: 1)
        }
    }
}
