package import GatewayCore
import PromptMatching

/// Vetoes a near question that differs in what must agree: a number, a date, who does what to whom.
package struct GuardJudge: CandidateJudge {
    package init() {}

    /// The same for every precision: guards know of no probabilities. docs/GATEWAY.md says so.
    package func threshold(forPrecision precision: Double) -> Float { 0.95 }

    package func verdict(on candidate: Candidate) -> Verdict {
        let guards = GuardSet(Set(candidate.guards.compactMap { Guard(rawValue: $0.rawValue) }))
        switch guards.verdict(PromptText(candidate.prompt), PromptText(candidate.storedPrompt)) {
        case .pass: return .accept
        case .veto(let finding):
            guard let name = GuardName(rawValue: finding.source.rawValue) else { return .accept }
            return .veto(.guarded(name))
        }
    }
}
