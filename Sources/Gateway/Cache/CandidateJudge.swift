package import GatewayCore

/// A stored question that is near to the one that is asked.
package struct Candidate: Hashable, Sendable {
    package var prompt: String
    package var storedPrompt: String
    /// Cosine similarity, -1 through 1.
    package var similarity: Float
    /// Guards that it must pass.
    package var guards: Set<GuardName>

    package init(prompt: String, storedPrompt: String, similarity: Float, guards: Set<GuardName>) {
        self.prompt = prompt
        self.storedPrompt = storedPrompt
        self.similarity = similarity
        self.guards = guards
    }
}

package enum Verdict: Hashable, Sendable {
    case accept
    case veto(CacheReason)
}

/// Says whether a near question asks the same. Takes microseconds, and no `await`.
package protocol CandidateJudge: Sendable {
    /// The cosine similarity at or above which the share of right hits is the one that is wanted.
    func threshold(forPrecision precision: Double) -> Float

    func verdict(on candidate: Candidate) -> Verdict
}

/// Takes whatever is near enough.
package struct AcceptingJudge: CandidateJudge {
    package init() {}

    package func threshold(forPrecision precision: Double) -> Float { 0.95 }

    package func verdict(on candidate: Candidate) -> Verdict { .accept }
}
