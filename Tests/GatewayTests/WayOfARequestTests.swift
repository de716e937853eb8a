import CacheModel
import Gateway
import GatewayCore
import NIOHTTP1
import Testing

/// What happens to a request on its way, with the cache in its ordinary state.
@Suite struct WayOfARequestTests {
    @Test func nobodyWaitsForTheStoringWhoDoesNotAskTo() async throws {
        try await RunningGateway.with(
            script: { _, number in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number).")) }
        ) { gateway in
            let body = UpstreamAnswers.request(.chatCompletions, "Who waits?")
            let miss = try await gateway.post(.chatCompletions, body, waitsForStoring: false)
            #expect(miss.cache == "miss")
            #expect(miss["x-semblance-stored"] == "pending")
            // Who asks the same meanwhile shares the call, so there is no second one either way.
            let again = try await gateway.post(.chatCompletions, body)
            #expect(again.text.contains("Answer 1."))
            #expect(gateway.upstream.count == 1)
            while gateway.server.counters[.stored] == 0 { await Task.yield() }
            #expect(try await gateway.post(.chatCompletions, body, waitsForStoring: false).cache == "hit")
            let refused = try await gateway.post(.chatCompletions, body, [("x-semblance-wait", "sent")], waitsForStoring: false)
            #expect(refused.code == "invalid_header")
        }
    }

    private static let chatAPIs: [ModelAPI] = [.chatCompletions, .responses, .messages]

    @Test(arguments: chatAPIs)
    func aMissIsStoredAndTheSameQuestionIsAHit(_ api: ModelAPI) async throws {
        try await RunningGateway.with(
            script: { _, _ in UpstreamAnswers.json(UpstreamAnswers.body(api, "Thirty days.")) },
            { gateway in
                let request = UpstreamAnswers.request(api, "How long may I return it?")
                let miss = try await gateway.post(api, request)
                #expect(miss.status == 200)
                #expect(miss.text == UpstreamAnswers.body(api, "Thirty days."))
                #expect(miss.cache == "miss")
                #expect(miss["x-semblance-stored"] == "yes")
                let hit = try await gateway.post(api, request)
                #expect(hit.status == 200)
                #expect(hit.cache == "hit")
                #expect(hit.text.contains("Thirty days."))
                #expect(hit["age"] != nil)
                #expect(hit["x-semblance-entry"] != nil)
                #expect(gateway.upstream.count == 1)
                // The one that came whole is replayed as a stream as well.
                let stream = try await gateway.post(
                    api, UpstreamAnswers.request(api, "How long may I return it?", isStream: true))
                #expect(stream.cache == "hit")
                #expect(Self.recorded(api, stream.body) == "Thirty days.")
                #expect(gateway.upstream.count == 1)
            })
    }

    @Test(arguments: chatAPIs, [1, 7, 100_000])
    func aStreamPassesUntouchedAndIsReplayed(_ api: ModelAPI, chunkBytes: Int) async throws {
        let events = UpstreamAnswers.events(api, ["Thirty", " days", "."])
        try await RunningGateway.with(
            script: { _, _ in UpstreamAnswers.stream(events, chunkBytes: chunkBytes) },
            { gateway in
                // Usage is asked for, so that nothing has to be withheld.
                let extra = api == .chatCompletions ? #","stream_options":{"include_usage":true}"# : ""
                let request = UpstreamAnswers.request(api, "How long?", isStream: true, extra: extra)
                let miss = try await gateway.post(api, request)
                #expect(miss.cache == "miss")
                #expect(miss.text == events)
                let hit = try await gateway.post(api, request)
                #expect(hit.cache == "hit")
                #expect(Self.recorded(api, hit.body) == "Thirty days.")
                let body = try await gateway.post(api, UpstreamAnswers.request(api, "How long?"))
                #expect(body.cache == "hit")
                #expect(body.text.contains("Thirty days."))
                #expect(gateway.upstream.count == 1)
            })
    }

    /// The text that a client would read from a stream that ended properly.
    private static func recorded(_ api: ModelAPI, _ bytes: [UInt8]) -> String? {
        var parser = ServerSentEventParser()
        var recorder = AnswerRecorder(api)
        for event in (try? parser.append(bytes)) ?? [] { _ = recorder.record(event) }
        return recorder.answer.ending == .complete ? String(decoding: recorder.answer.text, as: UTF8.self) : nil
    }

    @Test func embeddingsAreCachedLetterForLetter() async throws {
        try await RunningGateway.with(
            script: { _, _ in UpstreamAnswers.json(UpstreamAnswers.body(.embeddings, "")) },
            { gateway in
                let request = UpstreamAnswers.request(.embeddings, "a text")
                #expect(try await gateway.post(.embeddings, request).cache == "miss")
                let hit = try await gateway.post(.embeddings, request)
                #expect(hit.cache == "hit")
                #expect(hit.text == UpstreamAnswers.body(.embeddings, ""))
                #expect(
                    try await gateway.post(.embeddings, UpstreamAnswers.request(.embeddings, "A text")).cache == "miss")
            })
    }

    @Test func unknownFieldsReachTheUpstreamByteForByte() async throws {
        try await RunningGateway.with(
            script: { _, _ in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Yes.")) },
            { gateway in
                let body =
                    #"{ "model" : "m-1",  "messages":[{"role":"user","content":"caf\u00e9"}], "x_new": [1e2, 1.50, {"b":1,"a":2}] }"#
                _ = try await gateway.post(
                    .chatCompletions, body, [("x-other", "stays"), ("x-semblance-tags", "goes")])
                let received = try #require(gateway.upstream.received.first)
                #expect(received.text == body)
                #expect(received.path == "/v1/chat/completions")
                #expect(received.headers.first(name: "x-other") == "stays")
                #expect(received.headers.first(name: "x-semblance-tags") == nil)
            })
    }

    @Test func aUsageThatNobodyAskedForIsWithheld() async throws {
        let usage =
            #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m-1","choices":[],"#
            + "\n\n"
        let whole = usage.replacing(
            "\"choices\":[],\n\n",
            with: #""choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"# + "\n\n")
        let events = UpstreamAnswers.events(.chatCompletions, ["Yes."])
        let sent = events.replacing("data: [DONE]\n\n", with: whole + "data: [DONE]\n\n")
        try await RunningGateway.with(
            script: { _, _ in UpstreamAnswers.stream(sent, chunkBytes: 13) },
            { gateway in
                let request = UpstreamAnswers.request(.chatCompletions, "Really?", isStream: true)
                let answer = try await gateway.post(.chatCompletions, request)
                #expect(gateway.upstream.received.first?.text.contains("include_usage") == true)
                #expect(answer.text == events)
            })
    }

    @Test func anUpstreamsErrorIsPassedOnAndNotStored() async throws {
        let error = #"{"error":{"message":"slow down","type":"rate_limit","code":"rate_limit_exceeded"}}"#
        try await RunningGateway.with(
            script: { _, _ in UpstreamAnswers.json(error, status: "429 Too Many Requests", fields: "retry-after: 7\r\n")
            },
            { gateway in
                let request = UpstreamAnswers.request(.chatCompletions, "Anybody?")
                for number in 1...2 {
                    let answer = try await gateway.post(.chatCompletions, request)
                    #expect(answer.status == 429)
                    #expect(answer.text == error)
                    #expect(answer["retry-after"] == "7")
                    #expect(answer["x-semblance-stored"] == "no; error")
                    #expect(gateway.upstream.count == number)
                }
            })
    }

    @Test func cacheControlIsObeyed() async throws {
        try await RunningGateway.with(
            script: { _, number in UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number).")) },
            { gateway in
                let request = UpstreamAnswers.request(.chatCompletions, "Which?")
                func ask(_ control: String?) async throws -> RunningGateway.Answer {
                    try await gateway.post(.chatCompletions, request, control.map { [("cache-control", $0)] } ?? [])
                }
                let nothing = try await ask("only-if-cached")
                #expect(nothing.status == 504)
                #expect(nothing.code == "not_cached")
                #expect(nothing["x-semblance-request-id"] != nil)
                #expect(gateway.upstream.count == 0)

                let unstored = try await ask("no-store")
                #expect(unstored["x-semblance-stored"] == "no; no-store")
                #expect(try await ask("only-if-cached").status == 504)

                #expect(try await ask(nil).text.contains("Answer 2."))
                #expect(try await ask("only-if-cached").text.contains("Answer 2."))
                #expect(try await ask("max-age=3600").cache == "hit")

                let fresh = try await ask("max-age=0")
                #expect(fresh.cache == "bypass")
                #expect(fresh.text.contains("Answer 3."))
                #expect(try await ask(nil).text.contains("Answer 3."))

                let renewed = try await ask("no-cache")
                #expect(renewed.text.contains("Answer 4."))
                #expect(renewed["x-semblance-cache-reason"] == "no-cache")
                #expect(try await ask(nil).text.contains("Answer 4."))
            })
    }

    @Test func tenantsAndUsersNeverShare() async throws {
        try await RunningGateway.with(
            script: { request, _ in
                let who = request.headers.first(name: "x-canary") ?? "nobody"
                return UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "canary \(who)"))
            },
            { gateway in
                let identities: [(String, [(String, String)], String)] = [
                    ("one", [("x-semblance-namespace", "tenant-1")], ""),
                    ("two", [("x-semblance-namespace", "tenant-2")], ""),
                    ("three", [("x-semblance-user", "ada")], ""),
                    ("four", [("x-semblance-user", "bob")], ""),
                    ("five", [], #","user":"eve""#),
                    ("six", [], #","seed":1"#),
                    ("seven", [], ""),
                ]
                for round in 1...2 {
                    for (canary, headers, extra) in identities {
                        let request = UpstreamAnswers.request(.chatCompletions, "Who am I?", extra: extra)
                        let answer = try await gateway.post(
                            .chatCompletions, request, headers + [("x-canary", canary)])
                        #expect(answer.text.contains("canary \(canary)"))
                        #expect(answer.cache == (round == 1 ? "miss" : "hit"))
                    }
                }
            })
    }

    @Test func clientsWhoseOwnKeysGoUpstreamShareUnderTheirKeyOnly() async throws {
        try await RunningGateway.with(
            options: ["upstreams.fake.credential": "client"],
            script: { request, _ in
                let key = request.headers.first(name: "authorization") ?? "none"
                return UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "for \(key)"))
            },
            { gateway in
                let request = UpstreamAnswers.request(.chatCompletions, "Hello?")
                for key in ["Bearer one", "Bearer two"] {
                    let answer = try await gateway.post(.chatCompletions, request, [("authorization", key)])
                    #expect(answer.cache == "miss")
                    #expect(answer.text.contains("for \(key)"))
                }
                let hit = try await gateway.post(.chatCompletions, request, [("authorization", "Bearer one")])
                #expect(hit.cache == "hit")
                #expect(hit.text.contains("for Bearer one"))
            })
    }

    @Test func aWrongRequestIsRefusedInTheShapeOfItsAPI() async throws {
        try await RunningGateway.with(
            options: ["limits.request-bytes": "2KiB"], script: { _, _ in [] },
            { gateway in
                #expect(try await gateway.post(.chatCompletions, "{").code == "invalid_json")
                let header = try await gateway.post(
                    .chatCompletions, UpstreamAnswers.request(.chatCompletions, "?"), [("x-semblance-ttll", "1s")])
                #expect(header.status == 400)
                #expect(header.code == "invalid_header")
                let large = try await gateway.post(
                    .messages, UpstreamAnswers.request(.messages, String(repeating: "x", count: 3_000)))
                #expect(large.status == 413)
                #expect(large.text.hasPrefix(#"{"type":"error""#))
                #expect(try await gateway.send("GET", "/v1/nothing").code == "unknown_endpoint")
                #expect(try await gateway.send("GET", "/v1/chat/completions").code == "method_not_allowed")
                #expect(try await gateway.send("GET", "/v1/chat/completions").status == 405)
                #expect(gateway.upstream.count == 0)
            })
    }

    @Test func pagesAndListsAreServed() async throws {
        try await RunningGateway.with(
            script: { _, _ in [] },
            { gateway in
                let page = try await gateway.send("GET", "/")
                #expect(page.status == 200)
                #expect(page.text.contains("Semblance gateway"))
                #expect(try await gateway.send("GET", "/healthz").text == #"{"status":"ok"}"#)
                #expect(try await gateway.send("GET", "/readyz").text == #"{"status":"ok","cache":"ok"}"#)
                #expect(try await gateway.send("GET", "/v1/models").text == #"{"object":"list","data":[]}"#)
                let lease = try await gateway.send("GET", "/v1/lease")
                #expect(lease["x-semblance-lease"].flatMap { Lease($0) } != nil)
                #expect(lease["x-semblance-request-id"] != nil)
            })
    }
}
