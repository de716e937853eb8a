import CacheModel
import Gateway
import GatewayCore
import Testing

/// Questions that mean the same.
@Suite struct SemanticHitTests {
    static let options = [
        "use-cases.default.semantic": "on", "use-cases.default.threshold": "0.9",
        // There has to be an encoder; each test brings its own.
        "encoder.url": "http://127.0.0.1:1/v1", "encoder.model": "m",
    ]

    private static func with(_ body: (RunningGateway) async throws -> Void) async throws {
        try await RunningGateway.with(
            options: options, embedder: WordEmbedder(),
            script: { _, number in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number).")) },
            body)
    }

    private static func ask(
        _ gateway: RunningGateway, _ question: String, _ headers: [(String, String)] = []
    ) async throws -> RunningGateway.Answer {
        try await gateway.post(.chatCompletions, UpstreamAnswers.request(.chatCompletions, question), headers)
    }

    @Test func aQuestionThatMeansTheSameIsAHit() async throws {
        try await Self.with { gateway in
            #expect(try await Self.ask(gateway, "refund policy please").cache == "miss")
            let near = try await Self.ask(gateway, "please refund policy")
            #expect(near.cache == "semantic-hit")
            #expect(near.text.contains("Answer 1."))
            #expect(near["x-semblance-similarity"] == "1.0000")
            #expect(near["x-semblance-matched-prompt-hash"] != nil)
            let far = try await Self.ask(gateway, "reset password")
            #expect(far.cache == "miss")
            #expect(gateway.server.counters[.answers(.semanticHit)] == 1)
        }
    }

    @Test func theThresholdOfARequestDecides() async throws {
        try await Self.with { gateway in
            _ = try await Self.ask(gateway, "refund policy please")
            let strict = try await Self.ask(gateway, "refund policy please now")
            #expect(strict.cache == "miss")
            #expect(strict["x-semblance-cache-reason"] == "below-threshold")
            let loose = try await Self.ask(
                gateway, "refund policy please soon", [("x-semblance-threshold", "0.8")])
            #expect(loose.cache == "semantic-hit")
        }
    }

    @Test func aVetoedCandidateMakesRoomForTheNext() async throws {
        try await Self.with { gateway in
            // Orders 1 and 2 have the same words but for their numbers, which the embedder does not see.
            _ = try await Self.ask(gateway, "where is order 1")
            let other = try await Self.ask(gateway, "where is order 2")
            #expect(other.cache == "miss")
            #expect(other["x-semblance-cache-reason"] == "guard-number")
            #expect(other.text.contains("Answer 2."))
            let first = try await Self.ask(gateway, "order 1 where is")
            #expect(first.cache == "semantic-hit")
            #expect(first.text.contains("Answer 1."))
        }
    }

    @Test func aNearAnswerThatRestsOnLessMakesRoomForOneThatRestsOnAll() async throws {
        try await Self.with { gateway in
            let data = [("x-semblance-depends-on", "kb/refunds@2")]
            _ = try await Self.ask(gateway, "refund policy please")
            let other = try await Self.ask(gateway, "please refund policy", data)
            #expect(other.cache == "miss" && other["x-semblance-cache-reason"] == "other-data")
            #expect(other.text.contains("Answer 2."))
            let near = try await Self.ask(gateway, "policy please refund", data)
            #expect(near.cache == "semantic-hit" && near.text.contains("Answer 2."))
            let later = try await Self.ask(gateway, "policy refund please", [("x-semblance-depends-on", "kb/refunds@3")])
            #expect(later.cache == "miss" && later.text.contains("Answer 3."))
        }
    }

    @Test func otherSystemPromptsAreOtherScopes() async throws {
        try await Self.with { gateway in
            for (number, system) in ["Be brief.", "Be kind."].enumerated() {
                let body =
                    #"{"model":"m-1","messages":[{"role":"system","content":"\#(system)"},{"role":"user","content":"refund policy"}]}"#
                let answer = try await gateway.post(.chatCompletions, body)
                #expect(answer.cache == "miss")
                #expect(answer.text.contains("Answer \(number + 1)."))
            }
        }
    }
}

/// One component for each word that it knows; numbers are not words.
private struct WordEmbedder: PromptEmbedder {
    var model: String { "words" }

    private static let words = [
        "refund", "policy", "please", "now", "soon", "reset", "password", "where", "is", "order",
    ]

    func embed(_ texts: [String]) async throws -> [[Float]] {
        texts.map { text in
            let said = text.split(separator: " ").map(String.init)
            return Self.words.map { said.contains($0) ? 1 : 0 }
        }
    }
}
