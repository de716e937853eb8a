import Gateway
import GatewayCore
import PromptMatching
import Testing

@testable import TrafficReplay

@Suite struct SimulationTests {
    private let vectors: [String: [Float]] = [
        "a": TableEmbedder.at(cosine: 1), "a99": TableEmbedder.at(cosine: 0.99), "a95": TableEmbedder.at(cosine: 0.95),
        "a90": TableEmbedder.at(cosine: 0.9), "a80": TableEmbedder.at(cosine: 0.8),
    ]

    private func outcome(
        _ prompts: [String], _ threshold: Float, judge: ListJudge = ListJudge()
    ) async throws -> ReplayOutcome {
        let log = try ReplayWorld.log(ReplayWorld.lines(prompts))
        let report = try await ReplayWorld.report(log, [threshold], vectors: vectors, judge: judge)
        return try #require(report.outcomes.first)
    }

    @Test func theSameLettersAreAnExactHitWhateverIsNear() async throws {
        let outcome = try await outcome(["a", "a99", "a", "a99"], 0.995)
        #expect(outcome.exactHits == 2)
        #expect(outcome.semanticHits == 0)
    }

    @Test func aNearQuestionIsAHitAtItsSimilarityAndNotAbove() async throws {
        #expect(try await outcome(["a", "a90"], 0.89).semanticHits == 1)
        #expect(try await outcome(["a", "a90"], 0.91).semanticHits == 0)
    }

    @Test func whatWasAHitIsNotStored() async throws {
        // a80 is 0.98 from a90, and 0.80 from a.
        #expect(try await outcome(["a", "a90", "a80"], 0.85).semanticHits == 1)
        #expect(try await outcome(["a", "a90", "a80"], 0.95).semanticHits == 1)
        #expect(try await outcome(["a", "a90", "a80"], 0.79).semanticHits == 2)
    }

    @Test func aQuestionThatWasAHitIsAskedByMeaningAgain() async throws {
        let outcome = try await outcome(["a", "a99", "a99", "a99"], 0.95)
        #expect(outcome.exactHits == 0)
        #expect(outcome.semanticHits == 3)
    }

    @Test func aQuestionIsComparedWithLaterOnesTooWhenItComesAgain() async throws {
        // a95 is a hit of a, then a99 is stored since its pair with a is vetoed; when a95 comes again a99 is nearer.
        let judge = ListJudge(vetoed: ["a99|a"])
        let outcome = try await outcome(["a|one", "a95|two", "a99|two", "a95|two"], 0.9, judge: judge)
        #expect(outcome.semanticHits == 2)
        #expect(outcome.falseHits == 1)
        #expect(outcome.vetoCount == 1)
    }

    @Test func afterAVetoTheNextCandidateIsTried() async throws {
        let judge = ListJudge(vetoed: ["a95|a80", "a99|a95"])
        let outcome = try await outcome(["a80", "a95", "a99"], 0.86, judge: judge)
        #expect(outcome.semanticHits == 1, "a99 takes a80 after a95 was vetoed")
        #expect(outcome.vetoes == [.number: 1], "only the request that became a miss counts")
    }

    @Test func noMoreCandidatesAreLookedAtThanLive() async throws {
        let count = CacheGateway.neighborCount
        func hits(_ stored: Int) async throws -> Int {
            // Stored questions that are all vetoed for each other; the farthest alone would pass for the last.
            let prompts = (0..<stored).map { "q\($0)" }
            var vectors: [String: [Float]] = ["last": TableEmbedder.at(cosine: 1)]
            var vetoed: Set<String> = []
            for (number, prompt) in prompts.enumerated() {
                vectors[prompt] = TableEmbedder.at(cosine: 0.91 + Float(number) * 0.005)
                for other in prompts { vetoed.insert("\(prompt)|\(other)") }
                if number > 0 { vetoed.insert("last|\(prompt)") }
            }
            let log = try ReplayWorld.log(ReplayWorld.lines(prompts + ["last"]))
            let report = try await ReplayWorld.report(log, [0.9], vectors: vectors, judge: ListJudge(vetoed: vetoed))
            return report.outcomes[0].semanticHits
        }
        #expect(try await hits(count) == 1)
        #expect(try await hits(count + 1) == 0)
    }

    @Test func aPrecisionAsksTheMatchModel() async throws {
        let judge = ListJudge(probabilities: ["a90|a": 0.85, "a80|a": 0.6])
        let log = try ReplayWorld.log(ReplayWorld.lines(["a", "a90", "a80"]))
        let report = try await ReplayWorld.report(log, precisions: [0.5, 0.7, 0.99], vectors: vectors, judge: judge)
        #expect(report.outcomes.map(\.semanticHits) == [2, 1, 0])
        #expect(report.outcomes.map(\.improbable) == [0, 1, 0], "nobody promises the last one, so nothing is compared")
        let estimate = try #require(report.outcomes[0].expectedFalseHits)
        #expect(abs(estimate - 0.55) < 1e-9)
        #expect(report.outcomes[2].expectedFalseHits == nil)
    }

    @Test func theGatewaysOwnJudgeVetoes() async throws {
        let vectors = ["Where is order 48213?": [Float(1)], "Where is order 48231?": [Float(1)]]
        let log = try ReplayWorld.log(ReplayWorld.lines(Array(vectors.keys.sorted())))
        let report = try await TrafficReplay(log, labels: PairLabels(), judge: CandidateJudge()).run(
            [.similarity(0.9)], embedder: TableEmbedder(vectors: vectors)
        ) { _, _, _ in }
        #expect(report.outcomes[0].vetoCount == 1)
        #expect(report.outcomes[0].semanticHits == 0)
    }

    @Test func hitsOfAClusterFallWithTheThreshold() async throws {
        let prompts = ["a", "a99", "a95", "a90", "a80", "a", "a90"]
        let log = try ReplayWorld.log(ReplayWorld.lines(prompts))
        let report = try await ReplayWorld.report(log, [0.7, 0.79, 0.89, 0.94, 0.98, 1], vectors: vectors)
        #expect(report.outcomes.map(\.hits) == [6, 6, 5, 5, 4, 2])
        #expect(report.outcomes.map(\.exactHits) == [1, 1, 1, 2, 1, 2])
        #expect(report.outcomes.map(\.saved.count) == report.outcomes.map { Int64($0.hits) * 10_000_000 })
        #expect(report.spent == NanoDollars(count: 70_000_000))
    }

    /// Not every log has fewer hits at a higher threshold: what is stored instead may serve more.
    @Test func aHigherThresholdCanHitMore() async throws {
        let vectors: [String: [Float]] = [
            "first": [1, 0, 0], "middle": [0.72, 0.694, 0], "left": [0.45, 0.62, 0.643],
            "right": [0.45, 0.62, -0.643],
        ]
        let log = try ReplayWorld.log(ReplayWorld.lines(["first", "middle", "left", "right"]))
        let report = try await ReplayWorld.report(log, [0.7, 0.745], vectors: vectors)
        #expect(report.outcomes.map(\.hits) == [1, 2])
    }

    @Test func labelsTellFalseHitsAndVetoesForNothing() async throws {
        let judge = ListJudge(vetoed: ["a95|a"])
        let hits = try await outcome(["a|one", "a99|two", "a95|one", "a90|one", "a80"], 0.75, judge: judge)
        #expect(hits.labeledHits == 2)
        #expect(hits.falseHits == 1)
        #expect(hits.falseHitExamples.first?.line == 2)
        #expect(hits.falseHitExamples.first?.storedLine == 1)
        #expect(hits.wrongVetoes == 1)
        #expect(hits.labeledVetoes == 1)
        #expect(hits.semanticHits == 3)
    }

    @Test func pairsLabelWhatTheLogDoesNot() async throws {
        let log = try ReplayWorld.log(ReplayWorld.lines(["a", "a99", "a95"]))
        let pairs = try LabeledPairs(csv: "prompt_a,prompt_b,same_meaning\na99,a,0\na,elsewhere,1\n")
        let labels = PairLabels(pairs, log: log)
        #expect(labels.count == 1)
        let report = try await ReplayWorld.report(log, [0.9], vectors: vectors, labels: labels)
        #expect(report.outcomes[0].semanticHits == 2)
        #expect(report.outcomes[0].labeledHits == 1)
        #expect(report.outcomes[0].falseHits == 1)
    }

    @Test func questionsOfOtherScopesNeverMeet() async throws {
        let lines = [
            #"{"prompt":"a","user":"one"}"#, #"{"prompt":"a","user":"two"}"#, #"{"prompt":"a99","namespace":"other"}"#,
            #"{"prompt":"a","model":"gpt-4o"}"#, #"{"prompt":"a","system":"Be brief."}"#, #"{"prompt":"a"}"#,
        ]
        let report = try await ReplayWorld.report(try ReplayWorld.log(lines), [0.5], vectors: vectors)
        #expect(report.scopes == 6)
        #expect(report.outcomes[0].hits == 0)
        #expect(report.encodedTexts == 0, "what stands alone is not encoded")
        var rules = try ReplayWorld.rules()
        for name in rules.sweptUseCases { rules.policy.useCases[name]?.sharing = .app }
        let shared = try await ReplayWorld.report(try ReplayWorld.log(lines, rules), [0.5], vectors: vectors)
        #expect(shared.scopes == 4)
        #expect(shared.outcomes[0].exactHits == 2)
    }

    @Test func anAnswerLivesAsLongAsItsRequestSays() async throws {
        func hits(_ times: [String]) async throws -> Int {
            let lines = times.map { #"{"prompt":"a","ttl":"60s"\#($0)}"# }
            return try await ReplayWorld.report(try ReplayWorld.log(lines), [0.9], vectors: vectors).outcomes[0].exactHits
        }
        #expect(try await hits([#","time":1000"#, #","time":1059"#]) == 1)
        #expect(try await hits([#","time":1000"#, #","time":1060"#]) == 0)
        #expect(try await hits([#","time":1000"#, #","time":1060"#, #","time":1100"#]) == 1)
        #expect(try await hits(["", ""]) == 1, "without times nothing grows old")
    }

    @Test func cacheControlCountsAsItDoesLive() async throws {
        func line(_ control: String, _ prompt: String, _ time: Int) -> String {
            #"{"time":\#(time),"prompt":"\#(prompt)","headers":{"Cache-Control":"\#(control)"}}"#
        }
        func outcome(_ lines: [String]) async throws -> ReplayOutcome {
            try await ReplayWorld.report(try ReplayWorld.log(lines), [0.9], vectors: vectors).outcomes[0]
        }
        let noCache = try await outcome([line("no-cache", "a", 1), line("no-cache", "a", 2), line("", "a", 3)])
        #expect(noCache.bypasses == 2)
        #expect(noCache.exactHits == 1)
        #expect(try await outcome([line("no-store", "a", 1), line("", "a", 2)]).exactHits == 0)
        #expect(try await outcome([line("no-cache", "a", 1), line("", "a99", 2)]).semanticHits == 0, "no vector is stored")
        let aged = try await outcome([line("", "a", 0), line("max-age=10", "a", 10), line("max-age=10", "a", 11)])
        #expect(aged.exactHits == 1)
    }

    @Test func anAnswerThatWouldNotBeStoredIsNone() async throws {
        let body = #""body":{"model":"gpt-4o","messages":[{"role":"user","content":"a"}]}"#
        func hits(_ response: String) async throws -> Int {
            let line = "{\(body),\(response)}"
            return try await ReplayWorld.report(try ReplayWorld.log([line, line]), [0.9]).outcomes[0].exactHits
        }
        let choice = #"{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"#
        #expect(try await hits(#""response":{"choices":[\#(choice)"stop"}]}"#) == 1)
        #expect(try await hits(#""response":{"choices":[\#(choice)"length"}]}"#) == 0)
        #expect(try await hits(#""response":{"usage":{"prompt_tokens":1,"completion_tokens":1}}"#) == 1)
        #expect(try await hits(#""status":429"#) == 0)
        #expect(try await hits(#""answer":"""#) == 0)
    }

    @Test func aRequestKeepsTheThresholdOfItsHeader() async throws {
        let lines = [
            #"{"prompt":"a"}"#, #"{"prompt":"a90","headers":{"x-semblance-threshold":"0.85"}}"#, #"{"prompt":"a80"}"#,
        ]
        let report = try await ReplayWorld.report(try ReplayWorld.log(lines), [0.99, 1], vectors: vectors)
        #expect(report.fixedRequests == 1)
        #expect(report.outcomes.map(\.semanticHits) == [1, 1])
    }
}
