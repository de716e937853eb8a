import CacheModel
import GatewayCore
import PromptMatching

/// An encoder with an adapter behind it, so that the index ranks by what is asked.
struct AdaptedEmbedder: PromptEmbedder {
    let base: any PromptEmbedder
    let adapter: EmbeddingAdapter

    /// Adapted vectors are not to be compared with others, nor with those of another adapter.
    var model: String {
        let suffix = "+" + adapter.fingerprint
        return String(decoding: base.model.utf8.prefix(Limits.modelBytes - suffix.utf8.count), as: UTF8.self) + suffix
    }

    func embed(_ texts: [String]) async throws -> [[Float]] {
        try await base.embed(texts).map { vector in
            guard let adapted = adapter.apply(vector) else {
                throw GatewayError(
                    .embedderUnavailable,
                    "The encoder makes \(vector.count) dimensions, and the matcher's adapter is for \(adapter.dimension).")
            }
            return adapted
        }
    }
}

extension Matcher {
    /// The encoder with this matcher's adapter behind it, if it has one.
    package func adapted(_ embedder: any PromptEmbedder) -> any PromptEmbedder {
        adapter.map { AdaptedEmbedder(base: embedder, adapter: $0) } ?? embedder
    }
}
