import FoundationEssentials
import Gateway
import GatewayCore
import PromptMatching

/// What encoder, adapter and match model say of two prompts.
struct DemoPairs: Sendable {
    let embedder: BuiltInEmbedder
    let matcher: Matcher

    struct Reading: Sendable {
        /// Of the encoder's embeddings.
        var cosine: Float
        /// Of adapted ones; nil without an adapter.
        var adaptedCosine: Float?
        /// That both ask the same.
        var probability: Double
    }

    func reading(_ first: String, _ second: String) async throws -> Reading {
        let vectors = try await embedder.embed([first, second])
        let cosine = Self.cosine(vectors[0], vectors[1])
        let adapted = matcher.adapter.flatMap { adapter in
            adapter.apply(vectors[0]).flatMap { one in adapter.apply(vectors[1]).map { Self.cosine(one, $0) } }
        }
        let probability = matcher.model.probability(
            PromptPair(PromptText(first), PromptText(second)), similarity: Double(adapted ?? cosine))
        return Reading(cosine: cosine, adaptedCosine: adapted, probability: probability)
    }

    /// - Returns: nil where the model cannot promise the precision.
    func leastProbability(forPrecision precision: Double) -> Double? {
        CandidateJudge(model: matcher.model).bar(for: .precision(precision))?.probability
    }

    /// Of vectors of unit length.
    private static func cosine(_ first: [Float], _ second: [Float]) -> Float {
        zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
