package import Gateway
package import GatewayCore

/// Who says whether a near question asks the same: the gateway's own judge, so that a replay decides as it does.
package protocol ReplayJudge: Sendable {
    /// - Returns: nil where nobody can promise what the target asks for; then there are exact hits only.
    func bar(for target: SemanticTarget) -> MatchBar?

    func verdict(on candidate: Candidate) -> Verdict
}

extension CandidateJudge: ReplayJudge {}
