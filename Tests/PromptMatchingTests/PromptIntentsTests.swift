import FoundationEssentials
import Testing

@testable import PromptMatching

@Suite struct PromptIntentsTests {
    private let small = """
        {"topic":"a","intent":"x","prompts":["How do I open x?","open x","What is our x policy?"]}
        {"topic":"a","intent":"y","prompts":["How do I open y?","y"]}
        {"topic":"b","intent":"z","prompts":["How do I open z?","z"]}
        """

    private var shipped: PromptIntents {
        get throws {
            let file = PromptPairList.repository.appending(path: "Models/matching/support-intents.jsonl")
            return try PromptIntents(jsonLines: Data(contentsOf: file))
        }
    }

    @Test func promptsOfAnIntentAskTheSameAndThoseOfItsTopicDoNot() throws {
        let labeled = try PromptIntents(jsonLines: Data(small.utf8)).pairs()
        let intents = [0, 0, 0, 1, 1, 2, 2]
        let topics = [0, 0, 0, 0, 0, 1, 1]
        #expect(labeled.pairs.count { $0.isSame } == 3 + 1 + 1)
        #expect(labeled.pairs.contains(LabeledPairs.Pair(first: 0, second: 3, isSame: false)))
        for pair in labeled.pairs {
            #expect(topics[pair.first] == topics[pair.second])
            #expect(pair.isSame == (intents[pair.first] == intents[pair.second]))
        }
    }

    @Test func aLineWithoutPromptsIsRefused() {
        #expect(throws: MatchingError.self) { try PromptIntents(jsonLines: Data("{\"topic\":\"a\"}".utf8)) }
        #expect(throws: MatchingError.self) { try PromptIntents(jsonLines: Data("What?".utf8)) }
    }

    @Test func joinedSetsKeepTheirPairs() throws {
        let first = try LabeledPairs(csv: "prompt_a,prompt_b,same_meaning\na,b,1\nb,c,0\n")
        let second = try LabeledPairs(csv: "prompt_a,prompt_b,same_meaning\nd,e,0\n")
        let joined = LabeledPairs(joining: [first, second])
        #expect(joined.texts == ["a", "b", "c", "d", "e"] && joined.parts == [0..<2, 2..<3])
        #expect(joined.pairs.last == LabeledPairs.Pair(first: 3, second: 4, isSame: false))
    }

    /// The pair of prompts in `RefundPolicyTests` is a test of what was never trained on.
    @Test func theShippedIntentsKnowNothingOfRefundsAndReturns() throws {
        let forbidden = ["refund", "return", "exchange", "money back", "reimburs", "send it back"]
        for intent in try shipped.intents {
            for text in intent.prompts + [intent.intent, intent.topic] {
                #expect(!forbidden.contains { text.lowercased().contains($0) }, "\(text)")
            }
        }
    }

    @Test func noShippedPromptStandsInTwoIntents() throws {
        let prompts = try shipped.intents.flatMap(\.prompts).map { $0.lowercased() }
        #expect(Set(prompts).count == prompts.count)
    }
}
