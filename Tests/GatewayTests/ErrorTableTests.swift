import Foundation
import Gateway
import GatewayCore
import Testing

/// The table of errors in docs/GATEWAY.md, provoked line by line over HTTP. That the table has the statuses and types of
/// the code is for `GatewayErrorTests`; here the code is held against what a client receives.
@Suite struct ErrorTableTests {
    typealias Code = GatewayError.Code

    /// What no request can bring about, and why.
    private static let unprovoked: [Code: String] = [
        .invalidAPIKey: "the gateway has no keys of its own yet: whoever reaches it may ask",
        .staleDependency: "said to whoever stores an entry: no endpoint does, and of an answer `x-semblance-stored` tells",
        .namespaceNotFound: "leases and news are taken for any namespace, and nothing else names one to the cache directly",
        .internalError: "a fault of the gateway, which is mended when one is known",
    ]

    /// - Parameter api: where it was asked; nil for an endpoint of our own.
    private struct Told {
        var code: Code
        var api: ModelAPI?
        var answer: RunningGateway.Answer
    }

    @Test func everyCodeIsProvokedAndHasItsStatusItsTypeAndItsShape() async throws {
        let plain = try await Self.plainRefusals()
        let broken = try await Self.brokenUpstreams() + Self.brokenParts() + Self.load()
        var seen: Set<Code> = []
        for told in plain + broken {
            seen.insert(told.code)
            try Self.check(told)
        }
        #expect(seen.isDisjoint(with: Self.unprovoked.keys))
        #expect(seen.union(Self.unprovoked.keys) == Set(Code.allCases))
    }

    private static func check(_ told: Told) throws {
        let (answer, code) = (told.answer, told.code)
        let place = "\(code.rawValue) at \(told.api?.path ?? "-"): \(answer.status) \(answer.text)"
        #expect(answer.status == code.status, "\(place)")
        #expect(answer["content-type"] == "application/json", "\(place)")
        #expect(answer["x-semblance-request-id"]?.hasPrefix("req_") == true, "\(place)")
        let object = try? JSONSerialization.jsonObject(with: Data(answer.body))
        let root = try #require(object as? [String: Any], "\(place)")
        let error = try #require(root["error"] as? [String: Any], "\(place)")
        #expect(error["code"] as? String == code.rawValue, "\(place)")
        #expect((error["message"] as? String)?.isEmpty == false, "\(place)")
        if told.api == .messages {
            #expect(Set(root.keys) == ["type", "error", "request_id"] && root["type"] as? String == "error", "\(place)")
            #expect(Set(error.keys) == ["type", "message", "code"], "\(place)")
            #expect(error["type"] as? String == code.anthropicType, "\(place)")
            #expect(root["request_id"] as? String == answer["x-semblance-request-id"], "\(place)")
        } else {
            #expect(Set(root.keys) == ["error"] && Set(error.keys) == ["message", "type", "param", "code"], "\(place)")
            #expect(error["type"] as? String == code.type, "\(place)")
        }
        // What the table tells to wait for says how long.
        let waits: Set<Code> = [.overloaded, .cacheUnavailable, .embedderUnavailable, .invalidationUnavailable]
        #expect((answer["retry-after"] != nil) == waits.contains(code), "\(place)")
        if code == .methodNotAllowed { #expect(answer["allow"] == "POST", "\(place)") }
    }

    // MARK: What is wrong with a request

    private static func plainRefusals() async throws -> [Told] {
        var all: [Told] = []
        try await RunningGateway.with(
            options: [
                "limits.request-bytes": "2KiB", "routes": "known=fake,gpt-*=openai,claude-*=anthropic",
                "upstreams": "fake,openai,anthropic",
            ],
            script: { _, _ in [] },
            { gateway in
                let apis: [ModelAPI] = [.chatCompletions, .responses, .messages, .embeddings]
                for api in apis {
                    let good = UpstreamAnswers.request(api, "Really?", model: "known")
                    func tell(_ code: Code, _ body: String, _ headers: [(String, String)] = []) async throws {
                        all.append(Told(code: code, api: api, answer: try await gateway.post(api, body, headers)))
                    }
                    for body in ["", "{", "{}}", "[1,]", #"{"model":"known"#, "{\"a\":\"\u{1}\"}"] {
                        try await tell(.invalidJSON, body)
                    }
                    for body in ["[]", "7", #"{"model":7}"#, "{}", #"{"model":""}"#, #"{"model":"known"}"#]
                    where api != .responses || body != #"{"model":"known"}"# {
                        try await tell(.invalidRequest, body)
                    }
                    for header in wrongHeaders { try await tell(.invalidHeader, good, [header]) }
                    try await tell(.unknownUseCase, good, [("x-semblance-use-case", "nobodys")])
                    try await tell(
                        .invalidLease, good,
                        [("x-semblance-lease", try await lease(gateway, "another")), ("x-semblance-namespace", "one")])
                    for model in ["unknown", api == .messages ? "gpt-4o" : "claude-x"]
                    where model != "claude-x" || api != .chatCompletions {
                        try await tell(.modelNotFound, UpstreamAnswers.request(api, "Really?", model: model))
                    }
                    try await tell(
                        .requestTooLarge,
                        UpstreamAnswers.request(api, String(repeating: "x", count: 3_000), model: "known"))
                    try await tell(.unsupportedMediaType, good, [("content-encoding", "gzip")])
                    try await tell(.notCached, good, [("cache-control", "only-if-cached")])
                    all.append(
                        Told(code: .methodNotAllowed, api: api, answer: try await gateway.send("GET", api.path)))
                }
                #expect(gateway.upstream.count == 0)
                for (code, method, path) in [
                    (Code.modelNotFound, "GET", "/v1/models/unknown"), (.unknownEndpoint, "GET", "/v1/nowhere"),
                    (.unknownEndpoint, "POST", "/v1/chat/completions/"), (.unknownEndpoint, "GET", "/v1/models/"),
                    (.methodNotAllowed, "GET", "/v1/invalidations"),
                ] {
                    let body: [UInt8]? = method == "POST" ? [] : nil
                    all.append(Told(code: code, answer: try await gateway.send(method, path, body: body)))
                }
                // Anthropic's clients understand their own shape only, whatever the path.
                let version = [("anthropic-version", "2023-06-01")]
                all.append(
                    Told(
                        code: .modelNotFound, api: .messages,
                        answer: try await gateway.send("GET", "/v1/models/unknown", version)))
                all += try await webhooks(gateway)
            })
        return all
    }

    private static let wrongHeaders = [
        ("x-semblance-ttl", "soon"), ("x-semblance-ttll", "1s"), ("x-semblance-threshold", "1.5"),
        ("x-semblance-depends-on", "kb@x"), ("x-semblance-lease", "x"), ("x-semblance-deadline", "-1s"),
        ("x-semblance-user", ""), ("x-semblance-tags", "%zz"), ("x-semblance-namespace", ""),
        ("x-semblance-route", "small"), ("x-semblance-route", "large"), ("x-semblance-route", "best"),
        ("x-semblance-trim", "on"), ("x-semblance-trim", "perhaps"), ("cache-control", "max-age=x"),
    ]

    private static func lease(_ gateway: RunningGateway, _ namespace: String) async throws -> String {
        let answer = try await gateway.send("GET", "/v1/lease", [("x-semblance-namespace", namespace)])
        return try #require(answer["x-semblance-lease"])
    }

    private static func webhooks(_ gateway: RunningGateway) async throws -> [Told] {
        var number = 0
        func told(
            _ code: Code, _ body: String, mapping: String? = nil, secondsAgo: Int = 0, signedBody: String? = nil
        ) async throws -> Told {
            number += 1
            return Told(
                code: code,
                answer: try await gateway.webhook(
                    body, identifier: "msg_\(number)", mapping: mapping, secondsAgo: secondsAgo, signedBody: signedBody))
        }
        let news = #"{"source":"kb","version":1}"#
        #expect(try await told(.conflict, news).answer.status == 200)
        return [
            try await told(.invalidSignature, news, signedBody: "another"),
            Told(
                code: .invalidSignature,
                answer: try await gateway.send("POST", "/v1/invalidations", body: Array(news.utf8))),
            try await told(.timestampOutOfRange, news, secondsAgo: 301),
            try await told(.timestampOutOfRange, news, secondsAgo: -301),
            try await told(.unknownMapping, news, mapping: "nobodys"),
            try await told(.invalidJSON, "{"),
            try await told(.invalidRequest, #"{"source":"kb"}"#),
            try await told(.invalidRequest, #"{"version":1}"#),
            try await told(.conflict, #"{"source":"kb","label":"x"}"#),
            try await told(
                .requestTooLarge, #"[{"source":"\#(String(repeating: "x", count: GatewayLimits.webhookBytes))"}]"#),
        ]
    }

    // MARK: What is wrong with others

    private static func brokenUpstreams() async throws -> [Told] {
        var all: [Told] = []
        let gate = Gate()
        try await RunningGateway.with(
            options: [
                "breaker.least": "64", "breaker.window": "64", "breaker.failure-percent": "100",
            ],
            script: { request, _ in
                switch request.text {
                case let text where text.contains("Closed?"): [.close]
                case let text where text.contains("Cut?"):
                    [.text("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"), .close]
                case let text where text.contains("Nonsense?"): [.text("SMTP 250 hello\r\n\r\n"), .close]
                default: [.wait(gate)]
                }
            },
            { gateway in
                for api in [ModelAPI.chatCompletions, .responses, .messages, .embeddings] {
                    func tell(
                        _ code: Code, _ question: String, _ headers: [(String, String)] = []
                    ) async throws {
                        let request = UpstreamAnswers.request(api, question)
                        all.append(Told(code: code, api: api, answer: try await gateway.post(api, request, headers)))
                    }
                    try await tell(.upstreamUnavailable, "Closed?")
                    try await tell(.upstreamUnavailable, "Cut?")
                    try await tell(.upstreamInvalidResponse, "Nonsense?")
                    try await tell(.deadlineExceeded, "Late?", [("x-semblance-deadline", "50ms")])
                }
                gate.open()
            })
        let late = Gate()
        try await RunningGateway.with(
            options: ["upstreams.fake.timeout": "50ms"], script: { _, _ in [.wait(late)] },
            { gateway in
                for api in [ModelAPI.chatCompletions, .messages] {
                    let answer = try await gateway.post(api, UpstreamAnswers.request(api, "Late?"))
                    all.append(Told(code: .upstreamTimeout, api: api, answer: answer))
                }
                late.open()
            })
        return all
    }

    private static func brokenParts() async throws -> [Told] {
        var all: [Told] = []
        try await RunningGateway.with(
            hasCache: false, script: { _, _ in [] },
            { gateway in
                all.append(Told(code: .cacheUnavailable, answer: try await gateway.send("GET", "/v1/lease")))
                all.append(
                    Told(
                        code: .invalidationUnavailable,
                        answer: try await gateway.webhook(#"{"source":"kb","version":1}"#, identifier: "msg_1")))
            })
        let folder = try TinyEncoderFolder(isUsable: false)
        try await RunningGateway.with(
            options: ["encoder.folder": folder.path], embedder: try BuiltInEmbedder(folder: folder.path),
            script: { _, _ in [] },
            { gateway in
                let request = UpstreamAnswers.request(.embeddings, "a", model: TinyEncoderFolder.name)
                all.append(
                    Told(
                        code: .embedderUnavailable, api: .embeddings,
                        answer: try await gateway.post(.embeddings, request)))
            })
        return all
    }

    private static func load() async throws -> [Told] {
        var all: [Told] = []
        let gate = Gate()
        try await RunningGateway.with(
            options: ["limits.requests": "1"],
            script: { _, _ in
                [.wait(gate)] + UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "At last."))
            },
            { gateway in
                async let first = gateway.post(
                    .chatCompletions, UpstreamAnswers.request(.chatCompletions, "Still there?"))
                await gateway.upstream.arrivals(1)
                for api in [ModelAPI.chatCompletions, .messages] {
                    let answer = try await gateway.post(api, UpstreamAnswers.request(api, "Me too?"))
                    all.append(Told(code: .overloaded, api: api, answer: answer))
                }
                gate.open()
                #expect(try await first.status == 200)
            })
        return all
    }
}
