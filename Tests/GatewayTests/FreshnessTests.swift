import CacheModel
import Crypto
import Foundation
import Gateway
import GatewayCore
import SemblanceClient
import Testing

/// Answers that rest on data which changes.
@Suite struct FreshnessTests {
    private static let question = UpstreamAnswers.request(.chatCompletions, "Refunds?")

    private static func with(
        _ script: @escaping FakeUpstream.Script = { _, number in
            UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number)."))
        },
        _ body: (RunningGateway) async throws -> Void
    ) async throws {
        try await RunningGateway.with(script: script, body)
    }

    @Test func anUnversionedDependencyWithoutLeaseIsNotStored() async throws {
        try await Self.with { gateway in
            let answer = try await gateway.post(
                .chatCompletions, Self.question, [("x-semblance-depends-on", "kb/refunds")])
            #expect(answer.status == 200)
            #expect(answer["x-semblance-stored"] == "no; unversioned-dependency")
            #expect(gateway.server.counters[.stored] == 0)
        }
    }

    @Test func anAnswerUnderALeaseIsGoneWhenItsSourceChanges() async throws {
        try await Self.with { gateway in
            let lease = try #require(try await gateway.send("GET", "/v1/lease")["x-semblance-lease"])
            let headers = [("x-semblance-depends-on", "kb/refunds"), ("x-semblance-lease", lease)]
            #expect(try await gateway.post(.chatCompletions, Self.question, headers)["x-semblance-stored"] == "yes")
            #expect(try await gateway.post(.chatCompletions, Self.question, headers).cache == "hit")
            let cache = try #require(gateway.cache)
            try await cache.invalidate(.init(source: "kb/refunds", change: .bump), in: "default")
            let stale = try await gateway.post(.chatCompletions, Self.question, headers)
            #expect(stale.cache == "miss")
            // By the old lease nobody knows whether the data was read before the change or after it.
            #expect(stale["x-semblance-stored"] == "no; lease-required")
            #expect(gateway.server.counters[.staleInserts] == 1)
        }
    }

    @Test func anInvalidationBetweenLookupAndInsertKeepsTheAnswerOut() async throws {
        let gate = Gate()
        try await Self.with { _, number in
            [.wait(gate)] + UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number)."))
        } _: { gateway in
            let lease = try #require(try await gateway.send("GET", "/v1/lease")["x-semblance-lease"])
            async let answer = gateway.post(
                .chatCompletions, Self.question,
                [("x-semblance-depends-on", "kb/refunds"), ("x-semblance-lease", lease)])
            await gateway.upstream.arrivals(1)
            let cache = try #require(gateway.cache)
            try await cache.invalidate(.init(source: "kb/refunds", change: .bump), in: "default")
            gate.open()
            let told = try await answer
            #expect(told.status == 200)
            #expect(told["x-semblance-stored"] == "no; lease-required")
            #expect(gateway.server.counters[.staleInserts] == 1)
        }
    }

    @Test func aVersionedAnswerIsGoneWhenTheWebhookTellsOfANewerVersion() async throws {
        try await Self.with { gateway in
            let headers = [("x-semblance-depends-on", "kb/refunds@41")]
            #expect(try await gateway.post(.chatCompletions, Self.question, headers)["x-semblance-stored"] == "yes")
            #expect(try await gateway.post(.chatCompletions, Self.question, headers).cache == "hit")
            let told = try await gateway.webhook(#"{"source":"kb/refunds","version":42}"#, identifier: "msg_1")
            #expect(told.status == 200)
            let position = try #require(
                try JSONDocument(told.body, limits: .answer).root["position"]?.stringValue.flatMap { Position($0) })
            #expect(position.sequence > 0)
            #expect(try await gateway.post(.chatCompletions, Self.question, headers).cache == "miss")
        }
    }

    @Test func anAnswerFromAnOldVersionIsNotStored() async throws {
        try await Self.with { gateway in
            let cache = try #require(gateway.cache)
            try await cache.invalidate(.init(source: "kb/refunds", change: .version(42)), in: "default")
            let old = try await gateway.post(
                .chatCompletions, Self.question, [("x-semblance-depends-on", "kb/refunds@41")])
            #expect(old["x-semblance-stored"] == "no; stale-dependency")
            let new = try await gateway.post(
                .chatCompletions, Self.question, [("x-semblance-depends-on", "kb/refunds@42")])
            #expect(new["x-semblance-stored"] == "yes")
        }
    }

    @Test func aStoredAnswerCountsOnlyIfItRestsOnWhatTheRequestNames() async throws {
        try await Self.with { gateway in
            for (dependencies, cache, number) in [
                ("", "miss", 1), ("", "hit", 1),
                // Nobody would tell the first answer of a change of the accounts.
                ("accounts/ada@7", "miss", 2), ("accounts/ada@7", "hit", 2), ("accounts/bob@3", "miss", 3),
                ("accounts/bob@3", "hit", 3), ("accounts/bob@2", "hit", 3),
                // The cache has not heard of version 4 yet, the request has.
                ("accounts/bob@4", "miss", 4), ("accounts/bob@3", "hit", 4), ("accounts/bob", "hit", 4),
                // Who asks for nothing gets what there is.
                ("", "hit", 4), ("accounts/bob@4, accounts/ada", "miss", 5),
            ] {
                let headers = dependencies.isEmpty ? [] : [("x-semblance-depends-on", dependencies)]
                let answer = try await gateway.post(.chatCompletions, Self.question, headers)
                #expect(answer.cache == cache && answer.text.contains("Answer \(number)."), "\(dependencies)")
                guard cache == "miss" else { continue }
                #expect(answer["x-semblance-cache-reason"] == (number == 1 ? "semantic-off" : "other-data"))
            }
        }
    }

    @Test func aWebhookIsBelievedOnlyWithItsSignature() async throws {
        try await Self.with { gateway in
            let body = #"{"source":"kb/refunds","version":42}"#
            let unsigned = try await gateway.send("POST", "/v1/invalidations", body: Array(body.utf8))
            #expect(unsigned.status == 401)
            #expect(unsigned.code == "invalid_signature")
            let forged = try await gateway.webhook(body, identifier: "msg_1", signedBody: body + " ")
            #expect(forged.status == 401)
            let old = try await gateway.webhook(body, identifier: "msg_1", secondsAgo: 301)
            #expect(old.code == "timestamp_out_of_range")
            #expect(gateway.server.counters[.invalidations] == 0)
        }
    }

    @Test func aDeliveryIsCarriedOutOnce() async throws {
        try await Self.with { gateway in
            let body = #"{"source":"kb/refunds","bump":true}"#
            let first = try await gateway.webhook(body, identifier: "msg_1")
            #expect(first.text.contains(#""changed":1"#))
            let second = try await gateway.webhook(body, identifier: "msg_1")
            #expect(second.status == 200)
            #expect(second.text.contains(#""repeated":true"#))
            let third = try await gateway.webhook(body, identifier: "msg_2")
            #expect(third.text.contains(#""changed":1"#))
            #expect(gateway.server.counters[.invalidations] == 2)
        }
    }

    @Test func aBatchReachesItsNamespaces() async throws {
        try await Self.with { gateway in
            let body = """
                {"invalidations":[{"source":"a","version":1},{"source":"b","label":"x","namespace":"other"},\
                {"source":"c","version":"3"}]}
                """
            let answer = try await gateway.webhook(body, identifier: "msg_1")
            #expect(answer.text.contains(#""received":3"#))
            let cache = try #require(gateway.cache)
            let states = try await cache.sourceStates(["a", "c"], in: "default")
            #expect(states.map(\.version) == [.ordered(1), .ordered(3)])
            #expect(try await cache.sourceStates(["b"], in: "other").map(\.version) == [.labelled("x")])
        }
    }

    @Test func aMappingReadsAnothersWebhook() async throws {
        try await Self.with { gateway in
            let body = """
                {"metadata":{"generated_at":"2024-05-01T00:00:00Z"},"results":[\
                {"unique_id":"model.shop.orders","status":"success"},{"unique_id":"test.shop.x","status":"pass"}]}
                """
            let answer = try await gateway.webhook(body, identifier: "msg_1", mapping: "dbt")
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""received":1"#))
            let unknown = try await gateway.webhook(body, identifier: "msg_1", mapping: "dbtt")
            #expect(unknown.code == "unknown_mapping")
        }
    }

    @Test func newsThatContradictsWhatIsKnownDoesNotHoldUpTheOthers() async throws {
        try await RunningGateway.with(script: { _, _ in UpstreamAnswers.json("{}") }) { gateway in
            _ = try await gateway.webhook(#"{"source":"kb/a","version":1}"#, identifier: "msg_1")
            let others = [
                #"{"source":"kb/a","label":"other"}"#, #"{"source":"kb/b","version":5}"#,
                #"{"source":"kb/c","version":6,"namespace":"elsewhere"}"#,
            ]
            let body = "[\(others.joined(separator: ","))]"
            let refused = try await gateway.webhook(body, identifier: "msg_2")
            #expect(refused.status == 409 && refused.text.contains("invalidations[0]"))
            for (number, news) in others.dropFirst().enumerated() {
                let again = try await gateway.webhook(news, identifier: "msg_\(3 + number)")
                #expect(again.status == 200 && again.text.contains(#""changed":0"#), "\(again.text)")
            }
        }
    }

    @Test func anInvalidationThatCannotBeMadeDurableIsUnavailable() async throws {
        try await RunningGateway.with(
            hasCache: false, script: { _, _ in [] },
            { gateway in
                let body = #"{"source":"kb/refunds","version":42}"#
                for _ in 1...2 {
                    // The same identifier comes again, and is not taken for done.
                    let answer = try await gateway.webhook(body, identifier: "msg_1")
                    #expect(answer.status == 503)
                    #expect(answer.code == "invalidation_unavailable")
                    #expect(answer["retry-after"] != nil)
                }
            })
    }
}

extension RunningGateway {
    /// A webhook with the signature that Standard Webhooks asks for.
    func webhook(
        _ body: String, identifier: String, mapping: String? = nil, secondsAgo: Int = 0, signedBody: String? = nil
    ) async throws -> Answer {
        let timestamp = String(Int(Date().timeIntervalSince1970) - secondsAgo)
        let key = SymmetricKey(data: Data("0123456789abcdef0123456789abcdef".utf8))
        let message = Data("\(identifier).\(timestamp).\(signedBody ?? body)".utf8)
        let signature = Data(HMAC<SHA256>.authenticationCode(for: message, using: key)).base64EncodedString()
        return try await send(
            "POST", "/v1/invalidations" + (mapping.map { "/\($0)" } ?? ""), body: Array(body.utf8),
            [("webhook-id", identifier), ("webhook-timestamp", timestamp), ("webhook-signature", "v1,\(signature)")])
    }
}
