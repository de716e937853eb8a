import Gateway
import GatewayCore
import Testing

/// The cache service or the encoder is down: a bypass, never an error.
@Suite struct DegradedCacheTests {
    @Test func withoutTheCacheRequestsAreAnsweredAllTheSame() async throws {
        try await RunningGateway.with(
            options: ["cache.timeout": "100ms"], hasCache: false,
            script: { _, number in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number).")) },
            { gateway in
                let request = UpstreamAnswers.request(.chatCompletions, "Anybody?")
                for number in 1...12 {
                    let answer = try await gateway.post(.chatCompletions, request)
                    #expect(answer.status == 200)
                    #expect(answer.text.contains("Answer \(number)."))
                    #expect(answer.cache == "bypass")
                    #expect(answer["x-semblance-cache-reason"] == "cache-unavailable")
                    #expect(answer["x-semblance-stored"] == "no; cache-unavailable")
                }
                #expect(gateway.server.counters[.answers(.bypass)] == 12)
                #expect(try await gateway.send("GET", "/readyz").text.contains("unavailable"))
                #expect(try await gateway.send("GET", "/v1/lease").status == 503)
            })
    }

    @Test func withoutTheEncoderQuestionsAreComparedByTheirLetters() async throws {
        try await RunningGateway.with(
            options: SemanticHitTests.options, embedder: BrokenEmbedder(),
            script: { _, number in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number).")) },
            { gateway in
                let request = UpstreamAnswers.request(.chatCompletions, "Anybody?")
                let answer = try await gateway.post(.chatCompletions, request)
                #expect(answer.status == 200)
                #expect(answer["x-semblance-cache-reason"] == "embedder-unavailable")
                #expect(answer["x-semblance-stored"] == "yes")
                #expect(try await gateway.post(.chatCompletions, request).cache == "hit")
            })
    }
}

private struct BrokenEmbedder: PromptEmbedder {
    var model: String { "broken" }

    func embed(_ texts: [String]) async throws -> [[Float]] {
        throw GatewayError(.embedderUnavailable, "The encoder is broken.")
    }
}
