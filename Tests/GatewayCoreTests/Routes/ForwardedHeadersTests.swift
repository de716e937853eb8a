import Testing

@testable import GatewayCore

@Suite struct ForwardedHeadersTests {
    private static let key = Secret("sk-gateway")!

    @Test func aClientsKeyAndOurHeadersNeverGoOn() {
        let fields = Self.fields([
            ("Authorization", "Bearer client"), ("X-Api-Key", "client"), ("api-key", "client"), ("Cookie", "a=b"),
            ("X-Semblance-User", "anna"), ("X-Forwarded-For", "10.0.0.1"), ("Cache-Control", "no-cache"),
            ("Host", "gateway"), ("Content-Length", "5"), ("Accept-Encoding", "gzip"),
            ("Content-Type", "application/json"),
            ("OpenAI-Beta", "assistants=v2"), ("User-Agent", "openai-python"), ("idempotency-key", "1"),
        ])
        let passed = [
            HeaderField("content-type", "application/json"), HeaderField("openai-beta", "assistants=v2"),
            HeaderField("user-agent", "openai-python"), HeaderField("idempotency-key", "1"),
        ]
        #expect(Self.request(fields, .none) == passed)
        #expect(
            Self.request(fields, .key(Self.key)) == passed + [HeaderField("authorization", "Bearer sk-gateway")])
        #expect(
            Self.request(fields, .client)
                == passed
                + Self.fields([("authorization", "Bearer client"), ("x-api-key", "client"), ("api-key", "client")])
        )
    }

    @Test func whatConnectionNamesEndsHere() {
        let fields = Self.fields([
            ("Connection", "close, X-Hop"), ("connection", "Keep-Alive"), ("X-Hop", "1"), ("Keep-Alive", "5"),
            ("TE", "x"),
            ("Transfer-Encoding", "chunked"), ("Upgrade", "h2c"), ("Proxy-Authorization", "x"), ("x-stay", "1"),
        ])
        #expect(Self.request(fields, .none) == [HeaderField("x-stay", "1")])
        #expect(ForwardedHeaders.response(fields) == [HeaderField("x-stay", "1")])
    }

    @Test func anthropicGetsItsKeyItsOwnWayAndAVersion() {
        let request = ForwardedHeaders.request([], to: Self.upstream(.anthropic, .key(Self.key)), .messages)
        #expect(request == Self.fields([("x-api-key", "sk-gateway"), ("anthropic-version", "2023-06-01")]))
        let own = Self.fields([("anthropic-version", "2024-01-01")])
        #expect(ForwardedHeaders.request(own, to: Self.upstream(.anthropic, .none), .messages) == own)
        // Its endpoint for OpenAI's clients takes the key as OpenAI does.
        let chat = ForwardedHeaders.request([], to: Self.upstream(.anthropic, .key(Self.key)), .chatCompletions)
        #expect(chat == Self.fields([("authorization", "Bearer sk-gateway")]))
    }

    @Test func anUpstreamNeverSpeaksInTheGatewaysName() {
        let fields = Self.fields([
            ("X-Semblance-Cache", "hit"), ("Set-Cookie", "a=b"), ("Age", "5"), ("Content-Encoding", "gzip"),
            ("x-request-id", "req_1"), ("content-type", "text/event-stream"), ("x-ratelimit-remaining-tokens", "5"),
        ])
        #expect(
            ForwardedHeaders.response(fields).map(\.name) == [
                "x-request-id", "content-type", "x-ratelimit-remaining-tokens",
            ])
    }

    @Test func aLineThatWouldEndEarlyIsLeftOut() {
        let fields = Self.fields([("x-a", "1\r\nx-b: 2"), ("x y", "1"), ("", "1"), (":path", "/"), ("x-c", "ok\t1")])
        #expect(Self.request(fields, .client) == [HeaderField("x-c", "ok\t1")])
        #expect(Self.request(Self.fields([("authorization", "a\nb")]), .client) == [])
    }

    @Test func aSecretIsNeverPrinted() {
        let upstream = Self.upstream(.openAI, .key(Self.key))
        var dumped = ""
        dump(upstream, to: &dumped)
        for text in ["\(upstream)", String(reflecting: upstream), dumped] { #expect(!text.contains("sk-gateway")) }
        #expect(Secret("a b") == nil && Secret("") == nil && Secret("a\n") == nil)
    }

    private static func request(_ fields: [HeaderField], _ credential: UpstreamCredential) -> [HeaderField] {
        ForwardedHeaders.request(fields, to: upstream(.openAI, credential), .chatCompletions)
    }

    private static func upstream(_ kind: UpstreamKind, _ credential: UpstreamCredential) -> Upstream {
        Upstream(name: "u", kind: kind, baseURL: BaseURL("https://u.test")!, credential: credential)
    }

    private static func fields(_ pairs: [(String, String)]) -> [HeaderField] { pairs.map { HeaderField($0.0, $0.1) } }
}
