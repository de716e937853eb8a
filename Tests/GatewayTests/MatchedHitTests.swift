import CacheModel
import Foundation
import Gateway
import GatewayCore
import SemblanceClient
import Testing

/// Adapter and match model on the way of a request.
@Suite struct MatchedHitTests {
    private static let weights = CandidateJudgeTests.weights
    private static let options = [
        "use-cases.default.semantic": "on", "use-cases.default.target-precision": "0.87", "matcher.folder": weights,
        // There has to be an encoder; each test brings its own.
        "encoder.url": "http://127.0.0.1:1/v1", "encoder.model": "m",
    ]

    private static func with(
        namespace: String = "default", matcher: Matcher?, _ body: (RunningGateway) async throws -> Void
    ) async throws {
        var options = options
        options["cache.namespace"] = namespace
        if matcher == nil { options["use-cases.default.target-precision"] = nil }
        if matcher == nil { options["use-cases.default.threshold"] = "0.2" }
        try await RunningGateway.with(
            options: options, embedder: OneTopic(), matcher: matcher,
            script: { _, number in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number).")) },
            body)
    }

    private static func ask(
        _ gateway: RunningGateway, _ question: String, _ headers: [(String, String)] = []
    ) async throws -> RunningGateway.Answer {
        try await gateway.post(.chatCompletions, UpstreamAnswers.request(.chatCompletions, question), headers)
    }

    @Test func theProbabilityDecidesWhereAPrecisionIsWanted() async throws {
        try await Self.with(matcher: TaughtMatcher.make()) { gateway in
            _ = try await Self.ask(gateway, "How do I paint the fence?")
            // To the embedder all questions are the same.
            let other = try await Self.ask(gateway, "How can I ship my puppy?")
            #expect(other.cache == "miss")
            #expect(other["x-semblance-cache-reason"] == "improbable")
            #expect(try Float(#require(other["x-semblance-similarity"])) == 1)
            #expect(try Double(#require(other["x-semblance-probability"]))! < 0.5)
            #expect(gateway.server.counters[.vetoes(.improbable)] == 1)
            let same = try await Self.ask(gateway, "How can I paint my fence?")
            #expect(same.cache == "semantic-hit")
            #expect(same.text.contains("Answer 1."))
            #expect(try Double(#require(same["x-semblance-probability"]))! > 0.5)
        }
    }

    @Test func whereSimilarityDecidesTheProbabilityIsOnlyTold() async throws {
        try await Self.with(matcher: TaughtMatcher.make()) { gateway in
            let headers = [("x-semblance-threshold", "0.9")]
            _ = try await Self.ask(gateway, "How do I paint the fence?", headers)
            let other = try await Self.ask(gateway, "How can I ship my puppy?", headers)
            #expect(other.cache == "semantic-hit")
            #expect(try Double(#require(other["x-semblance-probability"]))! < 0.5)
        }
    }

    @Test func eachGuardCountsItsVetoesAndTheyCanBeRead() async throws {
        try await Self.with(matcher: nil) { gateway in
            _ = try await Self.ask(gateway, "How do I cancel order 48213?")
            #expect(try await Self.ask(gateway, "How do I cancel order 48231?").cache == "miss")
            #expect(gateway.server.counters[.vetoes(.guarded(.number))] == 1)
            let metrics = try await gateway.send("GET", "/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.text.contains("\nsemblance_gateway_vetoes_total{reason=\"guard-number\"} 1\n"))
            #expect(metrics.text.contains("\nsemblance_gateway_vetoes_total{reason=\"guard-date\"} 0\n"))
            #expect(metrics.text.contains("\nsemblance_gateway_answers_total{cache=\"miss\"} 2\n"))
        }
    }

    @Test func aNamespaceOfOtherVectorsStoresLetterForLetterAndComparesNothing() async throws {
        try await Self.with(matcher: Matcher(folder: Self.weights)) { gateway in
            let cache = try #require(gateway.cache)
            // Vectors of the same length, by an encoder without the adapter.
            _ = try await cache.insert(
                Insertion(vector: OneTopic.vector, prompt: "How do I paint the fence?", payload: [1]),
                in: "default", model: "one-topic")
            let first = try await Self.ask(gateway, "How do I paint the fence?")
            #expect(first["x-semblance-cache-reason"] == "nothing-stored")
            #expect(first["x-semblance-stored"] == "yes")
            #expect(try await Self.ask(gateway, "How do I paint the fence?").cache == "hit")
            #expect(try await Self.ask(gateway, "How can I paint my fence?").cache == "miss")
        }
    }
}

/// To it all questions mean the same.
private struct OneTopic: PromptEmbedder {
    static let vector: [Float] = (0..<384).map { $0 == 7 ? 1 : 0 }

    var model: String { "one-topic" }

    func embed(_ texts: [String]) async throws -> [[Float]] { texts.map { _ in Self.vector } }
}
