import CacheAccess
import CacheModel
import CacheServer
import Foundation
import Gateway
import GatewayCore
import Logging
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

    @Test func aCacheThatAsksForATokenIsUsedWithOneAndPassedByWithAnother() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = TokenFile(path: folder.appending(path: "tokens.json").path)
        let now = Timestamp(milliseconds: 1_780_000_000_000)
        let (gateway, reader) = (AccessToken.random(), AccessToken.random())
        try file.update { list throws(CacheError) in
            for (name, scopes, token) in [
                ("gateway", [.lookup, .insert, .invalidate], gateway), ("reader", [.lookup], reader),
            ] as [(String, AccessScopes, AccessToken)] {
                try list.create(
                    name, scopes: scopes, namespaces: [try NamespacePattern(parsing: "*")], token: token,
                    lifetimeMilliseconds: nil, now: now)
            }
        }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let request = UpstreamAnswers.request(.chatCompletions, "Anybody?")
        for (token, second, news) in [(gateway.text, "hit", 200), (reader.text, "miss", 503), ("", "bypass", 503)] {
            try await RunningGateway.with(
                options: token.isEmpty ? [:] : ["cache.token": token],
                cacheAccess: try AccessControl(file: file, isRequired: true, clock: { now }, logger: logger),
                script: { _, _ in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Me.")) },
                { gateway in
                    for cache in [second == "bypass" ? "bypass" : "miss", second] {
                        let answer = try await gateway.post(.chatCompletions, request)
                        #expect(answer.status == 200 && answer.text.contains("Me."))
                        #expect(answer.cache == cache)
                    }
                    let told = try await gateway.webhook(#"{"source":"kb/refunds","version":42}"#, identifier: "msg_1")
                    #expect(told.status == news)
                })
        }
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
