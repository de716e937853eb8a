package import GatewayCore
package import PromptMatching

/// A stored question that is near to the one that is asked.
package struct Candidate: Sendable {
    /// The question that is asked, read once for all candidates.
    package var prompt: PromptText
    package var storedPrompt: String
    /// Cosine similarity as the index reports it, -1 through 1.
    package var similarity: Float
    /// Guards that it must pass.
    package var guards: Set<GuardName>
    /// What it must reach beside.
    package var bar: MatchBar

    package init(
        prompt: PromptText, storedPrompt: String, similarity: Float, guards: Set<GuardName>, bar: MatchBar
    ) {
        self.prompt = prompt
        self.storedPrompt = storedPrompt
        self.similarity = similarity
        self.guards = guards
        self.bar = bar
    }
}

/// What a candidate must reach to be taken.
package struct MatchBar: Hashable, Sendable {
    /// Cosine similarity; what is below is not even looked at.
    package var similarity: Float
    /// By the match model, 0 through 1; nil where the similarity alone decides.
    package var probability: Double?

    package init(similarity: Float, probability: Double? = nil) {
        self.similarity = similarity
        self.probability = probability
    }
}

/// What is said of a candidate.
package struct Verdict: Hashable, Sendable {
    /// Why it is not taken; nil when it is.
    package var veto: CacheReason?
    /// That both ask the same, 0 through 1; nil without a match model, and where a guard has vetoed before it.
    package var probability: Double?

    package init(veto: CacheReason? = nil, probability: Double? = nil) {
        self.veto = veto
        self.probability = probability
    }

    /// The same held against another bar: what neither guards nor the model depend on.
    package func held(to bar: MatchBar) -> Verdict {
        guard veto == nil, let probability, let needed = bar.probability, probability < needed else { return self }
        return Verdict(veto: .improbable, probability: probability)
    }
}
