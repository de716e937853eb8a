import Foundation
import Gateway
import GatewayCore
import PromptMatching
import Testing

/// Judged with the weights that the repository has.
@Suite struct CandidateJudgeTests {
    static let weights = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Models/matching").path

    private func verdict(
        _ judge: CandidateJudge, _ prompt: String, _ stored: String,
        guards: Set<GuardName> = Set(GuardName.allCases), bar: MatchBar = MatchBar(similarity: 0.9)
    ) -> Verdict {
        judge.verdict(
            on: Candidate(
                prompt: PromptText(prompt), storedPrompt: stored, similarity: 0.97, guards: guards, bar: bar))
    }

    @Test func anotherOrderNumberIsVetoedUnlessItsGuardIsSwitchedOff() {
        let judge = CandidateJudge()
        let (asked, stored) = ("How do I cancel order 48231?", "How do I cancel order 48213?")
        #expect(verdict(judge, asked, stored).veto == .guarded(.number))
        #expect(verdict(judge, asked, stored, guards: []).veto == nil)
        #expect(verdict(judge, asked, stored, guards: [.date]).veto == nil)
        #expect(verdict(judge, "How do I reset my password?", "I forgot my password, how can I reset it?").veto == nil)
    }

    @Test func aHigherTargetPrecisionNeedsAHigherProbability() throws {
        let judge = CandidateJudge(model: try Matcher(folder: Self.weights).model)
        let bars = try [0.8, 0.87, 0.93].map { try #require(judge.bar(for: .precision($0))) }
        let probabilities = bars.compactMap(\.probability)
        #expect(probabilities.count == 3)
        #expect(probabilities[0] < probabilities[1] && probabilities[1] < probabilities[2])
    }

    @Test func whatTheModelFindsImprobableIsNotTakenHoweverNearItIs() throws {
        let judge = CandidateJudge(model: try TaughtMatcher.make().model)
        let bar = try #require(judge.bar(for: .precision(0.87)))
        let (asked, stored) = ("How do I cook the rice?", "How can I ship my puppy?")
        let improbable = verdict(judge, asked, stored, guards: [], bar: bar)
        #expect(improbable.veto == .improbable)
        #expect(try #require(improbable.probability) < #require(bar.probability))
        // By similarity alone the same model only says what it thinks.
        let told = verdict(judge, asked, stored, guards: [])
        #expect(told.veto == nil)
        #expect(told.probability == improbable.probability)
        let same = verdict(judge, "How do I paint the fence?", "How can I paint my fence?", bar: bar)
        #expect(same.veto == nil)
    }

    @Test func aPrecisionWithoutAModelIsNothingThatCouldBeReached() {
        #expect(CandidateJudge().bar(for: .precision(0.9)) == nil)
        #expect(CandidateJudge().bar(for: .similarity(0.9)) == MatchBar(similarity: 0.9))
    }

    @Test func aModelWithoutItsAdapterIsRefused() throws {
        let matcher = try Matcher(folder: Self.weights)
        #expect(throws: MatchingError.self) { try Matcher(model: matcher.model, adapter: nil) }
        #expect(throws: MatchingError.self) { try Matcher(folder: "/nowhere") }
    }

    @Test func aUseCaseWhosePrecisionNobodyCanPromiseIsNamed() throws {
        let matcher = try Matcher(folder: Self.weights)
        try matcher.check([UseCase(name: "careful", matching: .precision(0.9))])
        let error = #expect(throws: MatchingError.self) {
            try matcher.check([UseCase(name: "certain", matching: .precision(0.99999))])
        }
        #expect(error?.message.contains("'certain'") == true)
    }
}
