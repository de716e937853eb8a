import Gateway
import GatewayCore
import Testing

/// Upstreams that break off, hang or cannot be reached.
@Suite struct BrokenUpstreamTests {
    private static let chatAPIs: [ModelAPI] = [.chatCompletions, .responses, .messages]

    private static func request(_ api: ModelAPI, _ question: String) -> String {
        let extra = api == .chatCompletions ? #","stream_options":{"include_usage":true}"# : ""
        return UpstreamAnswers.request(api, question, isStream: true, extra: extra)
    }

    /// Where events end, but for the last, and places inside of events.
    private static func cuts(_ bytes: [UInt8]) -> [Int] {
        let boundaries = bytes.indices.filter { $0 > 1 && bytes[$0 - 1] == 0x0a && bytes[$0 - 2] == 0x0a }
        return [0] + boundaries + [1, 7, bytes.count / 2, bytes.count - 3, bytes.count - 1]
    }

    @Test(arguments: chatAPIs)
    func aStreamThatIsCutOffStoresNothing(_ api: ModelAPI) async throws {
        let bytes = Array(UpstreamAnswers.events(api, ["Thirty", " days", "."]).utf8)
        let cuts = Self.cuts(bytes)
        try await RunningGateway.with(
            options: ["breaker.least": "64", "breaker.window": "64", "breaker.failure-percent": "100"],
            script: { _, number in
                let cut = cuts[(number - 1) / 2]
                return [.text(UpstreamAnswers.streamHead)]
                    + (cut == 0 ? [] : [.text(UpstreamAnswers.chunks(Array(bytes[..<cut])))])
                    + [number.isMultiple(of: 2) ? .reset : .close]
            },
            { gateway in
                for (index, cut) in cuts.enumerated() {
                    let request = Self.request(api, "Question \(index)?")
                    for attempt in 1...2 {
                        let answer = try await gateway.post(api, request)
                        #expect(answer.status == 200)
                        // A reset may overtake the bytes before it.
                        if attempt == 1 { #expect(answer.body.starts(with: bytes[..<cut])) }
                        #expect(answer.text.contains("upstream_unavailable") || !answer.isWhole)
                        #expect(gateway.upstream.count == 2 * index + attempt)
                    }
                    let cached = try await gateway.post(api, request, [("cache-control", "only-if-cached")])
                    #expect(cached.status == 504)
                }
                #expect(gateway.server.counters[.stored] == 0)
            })
    }

    @Test(arguments: chatAPIs)
    func aStreamThatEndsTooEarlyInGoodOrderStoresNothing(_ api: ModelAPI) async throws {
        let bytes = Array(UpstreamAnswers.events(api, ["Thirty", " days", "."]).utf8)
        let cuts = Self.cuts(bytes).filter { $0 > 0 && $0 < bytes.count - 2 }
        try await RunningGateway.with(
            script: { _, number in
                [
                    .text(UpstreamAnswers.streamHead),
                    .text(UpstreamAnswers.chunks(Array(bytes[..<cuts[number - 1]])) + "0\r\n\r\n"),
                ]
            },
            { gateway in
                for (index, cut) in cuts.enumerated() where cut < bytes.count {
                    let answer = try await gateway.post(api, Self.request(api, "Question \(index)?"))
                    #expect(answer.body == Array(bytes[..<cut]))
                }
                #expect(gateway.upstream.count == cuts.count)
                #expect(gateway.server.counters[.stored] == 0)
            })
    }

    @Test func aBodyThatIsCutOffIsAnErrorAndNothingIsStored() async throws {
        let body = UpstreamAnswers.body(.chatCompletions, "Thirty days.")
        try await RunningGateway.with(
            script: { _, _ in
                [
                    .text(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
                            + body.prefix(40)), .close,
                ]
            },
            { gateway in
                let answer = try await gateway.post(
                    .chatCompletions, UpstreamAnswers.request(.chatCompletions, "How long?"))
                #expect(answer.status == 502)
                #expect(answer.code == "upstream_unavailable")
                #expect(gateway.server.counters[.stored] == 0)
            })
    }

    @Test func anUpstreamThatHangsUpBeforeItsAnswerIsAskedAgain() async throws {
        try await RunningGateway.with(
            options: ["retries.attempts": "3"],
            script: { _, number in
                switch number {
                case 1: [.close]
                case 2: UpstreamAnswers.json(#"{"error":{"message":"later"}}"#, status: "503 Service Unavailable")
                default: UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "At last."))
                }
            },
            { gateway in
                // Every retry takes from a budget that is filled by time and by calls; one is there at once.
                let answer = try await gateway.post(
                    .chatCompletions, UpstreamAnswers.request(.chatCompletions, "Anybody?"))
                #expect(gateway.upstream.count >= 2)
                #expect(answer.status == 503 || answer.text.contains("At last."))
            })
    }

    @Test func anUpstreamThatCannotBeReachedIsABadGateway() async throws {
        try await RunningGateway.with(
            options: ["upstreams.fake.base-url": "http://127.0.0.1:1/v1"], script: { _, _ in [] },
            { gateway in
                let answer = try await gateway.post(
                    .messages, UpstreamAnswers.request(.messages, "Anybody?"))
                #expect(answer.status == 502)
                #expect(answer.text.contains(#""code":"upstream_unavailable""#))
                #expect(answer["x-semblance-cache"] == "miss")
            })
    }

    @Test func theDeadlineOfARequestEndsItsCall() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, _ in [.wait(gate)] },
            { gateway in
                let answer = try await gateway.post(
                    .chatCompletions, UpstreamAnswers.request(.chatCompletions, "Quick?"),
                    [("x-semblance-deadline", "50ms")])
                #expect(answer.status == 504)
                #expect(answer.code == "deadline_exceeded")
                // On a busy machine the time may be over before the call has got there.
                if gateway.upstream.count > 0 { await gateway.upstream.loss() }
                gate.open()
            })
    }

    @Test func anUpstreamThatKeepsFailingIsLeftAlone() async throws {
        try await RunningGateway.with(
            options: ["breaker.window": "4", "breaker.least": "4", "breaker.open": "1h", "breaker.longest-open": "1h"],
            script: { _, _ in
                UpstreamAnswers.json(#"{"error":{"message":"broken"}}"#, status: "500 Internal Server Error")
            },
            { gateway in
                for number in 1...4 {
                    let answer = try await gateway.post(
                        .chatCompletions, UpstreamAnswers.request(.chatCompletions, "Question \(number)?"))
                    #expect(answer.status == 500)
                }
                let answer = try await gateway.post(
                    .chatCompletions, UpstreamAnswers.request(.chatCompletions, "Question 5?"))
                #expect(answer.status == 502)
                #expect(answer["retry-after"] != nil)
                #expect(gateway.upstream.count == 4)
            })
    }
}
