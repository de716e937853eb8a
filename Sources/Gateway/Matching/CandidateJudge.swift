package import GatewayCore
package import PromptMatching

/// Says whether a near question asks the same: guards first, the match model behind them. Takes microseconds, and no
/// `await`.
package struct CandidateJudge: Sendable {
    private let model: MatchModel?

    /// - Parameter model: nil for guards and similarity alone.
    package init(model: MatchModel? = nil) { self.model = model }

    /// What candidates must reach for a target.
    ///
    /// - Returns: nil for a precision that nobody can promise: there is no model, or it has seen too few pairs.
    package func bar(for target: SemanticTarget) -> MatchBar? {
        switch target {
        case .similarity(let similarity): return MatchBar(similarity: similarity)
        case .precision(let precision):
            guard let target = TargetPrecision(precision), let found = try? model?.precision.threshold(for: target)
            else { return nil }
            return MatchBar(similarity: Float(found.similarityFloor), probability: found.probability)
        }
    }

    package func verdict(on candidate: Candidate) -> Verdict {
        guard model != nil || !candidate.guards.isEmpty else { return Verdict() }
        let pair = PromptPair(candidate.prompt, PromptText(candidate.storedPrompt))
        let guards = GuardSet(Set(candidate.guards.map(\.implementation)))
        if case .veto(let finding) = guards.verdict(on: pair) { return Verdict(veto: .guarded(finding.source.name)) }
        guard let model else { return Verdict() }
        let probability = model.probability(pair, similarity: Double(candidate.similarity))
        return Verdict(probability: probability).held(to: candidate.bar)
    }
}

// Written out both ways, so that a guard of one module that the other lacks does not compile.

extension GuardName {
    fileprivate var implementation: Guard {
        switch self {
        case .number: .number
        case .unit: .unit
        case .date: .date
        case .negation: .negation
        case .entity: .entity
        case .identifier: .identifier
        case .direction: .direction
        }
    }
}

extension Guard {
    fileprivate var name: GuardName {
        switch self {
        case .number: .number
        case .unit: .unit
        case .date: .date
        case .negation: .negation
        case .entity: .entity
        case .identifier: .identifier
        case .direction: .direction
        }
    }
}
