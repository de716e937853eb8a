/// The guards that are switched on. Counters belong to the caller: every veto names its guard.
package struct GuardSet: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case pass
        case veto(GuardFinding)
    }

    package var guards: Set<Guard>

    package init(_ guards: Set<Guard> = Set(Guard.allCases)) { self.guards = guards }

    /// The first veto, in the order of `Guard`'s cases.
    package func verdict(_ prompt: PromptText, _ candidate: PromptText) -> Verdict {
        verdict(on: PromptPair(prompt, candidate))
    }

    package func verdict(on pair: PromptPair) -> Verdict {
        for source in Guard.allCases where guards.contains(source) {
            if let finding = source.finding(in: pair) { return .veto(finding) }
        }
        return .pass
    }

    /// What every guard finds, whether it is switched on or not.
    package static func findings(in pair: PromptPair) -> [GuardFinding] {
        Guard.allCases.compactMap { $0.finding(in: pair) }
    }
}
