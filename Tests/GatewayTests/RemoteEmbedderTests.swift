import Gateway
import GatewayCore
import NIOHTTP1
import Testing

/// Embeddings from a server with OpenAI's API, which here is the same as the upstream.
@Suite struct RemoteEmbedderTests {
    private static func with(
        embeddings: @escaping @Sendable (FakeUpstream.Received) -> [FakeUpstream.Step],
        options: [String: String] = [:], _ body: (RunningGateway) async throws -> Void
    ) async throws {
        let encoder = try await FakeUpstream.start { request, _ in embeddings(request) }
        var all = SemanticHitTests.options
        all["encoder.url"] = "http://127.0.0.1:\(encoder.port)/v1"
        all["encoder.key"] = "secret-1"
        all.merge(options) { _, given in given }
        try await RunningGateway.with(
            options: all,
            script: { _, number in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number).")) },
            body)
        await encoder.stop()
    }

    private static func ask(_ gateway: RunningGateway, _ question: String) async throws -> RunningGateway.Answer {
        try await gateway.post(.chatCompletions, UpstreamAnswers.request(.chatCompletions, question))
    }

    @Test func vectorsComeFromTheServerThatIsConfigured() async throws {
        try await Self.with { request in
            // The direction is the first letter.
            #expect(request.path == "/v1/embeddings")
            #expect(request.headers.first(name: "authorization") == "Bearer secret-1")
            let isRefund = request.text.contains(#"["refund"#)
            let vector = isRefund ? "[1,0.5,0]" : "[0,0.5,1]"
            return UpstreamAnswers.json(#"{"data":[{"index":0,"embedding":\#(vector)}]}"#)
        } _: { gateway in
            var outcomes: [String?] = []
            for question in ["refund policy", "refunds, please", "passwords"] {
                outcomes.append(try await Self.ask(gateway, question).cache)
            }
            #expect(outcomes == ["miss", "semantic-hit", "miss"])
        }
    }

    @Test(arguments: [
        #"{"data":[]}"#, #"{"data":[{"index":1,"embedding":[1]}]}"#, #"{"data":[{"index":0,"embedding":["x"]}]}"#,
        #"{"data":[{"index":0,"embedding":[]}]}"#, "{", #"{"data":[{"index":0,"embedding":[1e300]}]}"#,
    ])
    func whatIsNoEmbeddingIsABypass(_ body: String) async throws {
        try await Self.with { _ in
            UpstreamAnswers.json(body)
        } _: { gateway in
            let answer = try await Self.ask(gateway, "refund policy")
            #expect(answer.status == 200)
            #expect(answer["x-semblance-cache-reason"] == "embedder-unavailable")
        }
    }

    @Test func anEncoderThatHangsIsNotWaitedFor() async throws {
        let gate = Gate()
        try await Self.with(embeddings: { _ in [.wait(gate)] }, options: ["encoder.timeout": "20ms"]) { gateway in
            let answer = try await Self.ask(gateway, "refund policy")
            #expect(answer.status == 200)
            #expect(answer["x-semblance-cache-reason"] == "embedder-unavailable")
            gate.open()
        }
    }
}
