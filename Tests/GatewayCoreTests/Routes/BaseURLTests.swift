import Testing

@testable import GatewayCore

@Suite struct BaseURLTests {
    @Test(arguments: [
        ("https://api.openai.com/v1", UpstreamKind.openAI, "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/", .openAI, "https://api.openai.com/v1/chat/completions"),
        ("http://127.0.0.1:11434", .openAICompatible, "http://127.0.0.1:11434/v1/chat/completions"),
        ("http://[::1]:8000//", .openAICompatible, "http://[::1]:8000/v1/chat/completions"),
        (
            "https://generativelanguage.googleapis.com/v1beta/openai/", .openAICompatible,
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"
        ),
        (
            "https://x.openai.azure.com/openai/v1?api-version=preview", .openAICompatible,
            "https://x.openai.azure.com/openai/v1/chat/completions?api-version=preview"
        ),
        ("https://api.anthropic.com", .anthropic, "https://api.anthropic.com/v1/chat/completions"),
        ("https://api.anthropic.com/v1", .anthropic, "https://api.anthropic.com/v1/chat/completions"),
        ("https://proxy.test/anthropic", .anthropic, "https://proxy.test/anthropic/v1/chat/completions"),
        ("HTTPS://Host.test", .openAI, "https://Host.test/v1/chat/completions"),
    ])
    func anEndpointIsJoinedAsItsClientsJoinIt(_ text: String, _ kind: UpstreamKind, _ expected: String) throws {
        #expect(try #require(BaseURL(text)).joined("/v1/chat/completions", kind) == expected)
    }

    @Test(arguments: [
        "", "api.openai.com", "ftp://x", "https://", "https:///v1", "https://user:pass@host/v1", "https://host#x",
        "https://ho st", "https://host\\evil", "https://host:0", "https://host:65536", "https://host:x", "https://[::1",
        "https://]", "https://[]", "https://a[b]", "https://host\r\nx: y", "https://höst", "https://a:1:2",
        "https://" + String(repeating: "a", count: 3_000),
    ])
    func whatIsNoAddressOrHasAPasswordIsRefused(_ text: String) {
        #expect(BaseURL(text) == nil)
    }
}
