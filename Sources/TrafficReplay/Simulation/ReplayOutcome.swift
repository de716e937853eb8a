package import GatewayCore

/// What became of all requests of a log at one threshold.
package struct ReplayOutcome: Sendable {
    /// A hit whose pair is labeled different.
    package struct FalseHit: Hashable, Sendable {
        /// Of the log.
        package var line: Int
        package var storedLine: Int
        package var prompt: String
        package var storedPrompt: String
        package var similarity: Float
    }

    package var target: SemanticTarget
    /// Whether the judge can keep the target; if not there are exact hits only.
    package var isPromised = true
    package var requests = 0
    /// Letter for letter.
    package var exactHits = 0
    /// By meaning.
    package var semanticHits = 0
    /// Requests that the cache has no part in.
    package var bypasses = 0
    /// Misses that would have been hits but for a guard, by the one that vetoed the nearest question.
    package var vetoes: [GuardName: Int] = [:]
    /// Misses that would have been hits but for the match model.
    package var improbable = 0
    /// Of the vetoed, those that are labeled, and those of them that are labeled the same: answers withheld for nothing.
    package var labeledVetoes = 0
    package var wrongVetoes = 0
    /// Semantic hits whose pair is labeled, and those of them that are labeled different.
    package var labeledHits = 0
    package var falseHits = 0
    /// The first of them.
    package var falseHitExamples: [FalseHit] = []
    /// Σ (1 - p) over semantic hits, where a match model says p.
    package var expectedFalseHits: Double?
    /// What the calls that became hits have cost.
    package var saved = NanoDollars.zero
    /// Hits of which nobody knows what they have cost.
    package var hitsOfUnknownCost = 0

    static let namedFalseHits = 5

    init(_ target: SemanticTarget, requests: Int) {
        self.target = target
        self.requests = requests
    }

    package var hits: Int { exactHits + semanticHits }
    package var hitRate: Double { requests > 0 ? Double(hits) / Double(requests) : 0 }
    package var vetoCount: Int { vetoes.values.reduce(improbable, +) }
    /// Of the labeled semantic hits; nil without any.
    package var falseHitShare: Double? { labeledHits > 0 ? Double(falseHits) / Double(labeledHits) : nil }
    package var falseHitInterval: WilsonInterval? { WilsonInterval(falseHits, of: labeledHits) }

    /// The threshold or the precision.
    package var value: Double {
        switch target {
        case .similarity(let similarity): Double(similarity)
        case .precision(let precision): precision
        }
    }
}
