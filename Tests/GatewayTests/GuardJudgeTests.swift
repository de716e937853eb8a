import Gateway
import GatewayCore
import PromptMatching
import Testing

@Suite struct GuardJudgeTests {
    private func verdict(_ prompt: String, _ stored: String, _ guards: Set<GuardName>) -> Verdict {
        GuardJudge().verdict(on: Candidate(prompt: prompt, storedPrompt: stored, similarity: 0.97, guards: guards))
    }

    @Test func everyGuardHasTheSameNameInBothModules() {
        #expect(Set(GuardName.allCases.map(\.rawValue)) == Set(Guard.allCases.map(\.rawValue)))
    }

    @Test func anotherOrderNumberIsVetoedUnlessItsGuardIsSwitchedOff() {
        let all = Set(GuardName.allCases)
        let (asked, stored) = ("How do I cancel order 48231?", "How do I cancel order 48213?")
        guard case .veto(.guarded) = verdict(asked, stored, all) else { return #expect(Bool(false)) }
        #expect(verdict(asked, stored, []) == .accept)
        #expect(verdict("How do I reset my password?", "I forgot my password, how can I reset it?", all) == .accept)
    }
}
