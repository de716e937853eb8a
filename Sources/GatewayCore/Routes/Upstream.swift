/// What an upstream speaks.
package enum UpstreamKind: String, Hashable, Sendable, CaseIterable {
    case openAI = "openai"
    case anthropic
    /// Any server with OpenAI's API: vLLM, Ollama, LiteLLM, a gateway of somebody else.
    case openAICompatible = "openai-compatible"

    /// Whether it has the endpoint at all. What a compatible server has, it says itself.
    package func serves(_ api: ModelAPI) -> Bool {
        switch self {
        case .openAI: api != .messages
        // Anthropic's own API, and the one that it keeps for clients of OpenAI's.
        case .anthropic: api == .messages || api == .chatCompletions
        case .openAICompatible: true
        }
    }
}

/// Which key is sent with a call to an upstream.
package enum UpstreamCredential: Hashable, Sendable {
    /// The gateway's own.
    case key(Secret)
    /// Whatever the client has sent: its `Authorization` or `x-api-key`, as it came.
    case client
    case none
}

/// A provider of models.
package struct Upstream: Hashable, Sendable {
    package var name: String
    package var kind: UpstreamKind
    package var baseURL: BaseURL
    package var credential: UpstreamCredential
    package var timeoutMilliseconds: Int64
    /// Calls at the same time; nil for no limit of its own.
    package var callLimit: Int?

    package init(
        name: String, kind: UpstreamKind, baseURL: BaseURL, credential: UpstreamCredential,
        timeoutMilliseconds: Int64 = GatewayLimits.upstreamTimeoutMilliseconds, callLimit: Int? = nil
    ) {
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
        self.credential = credential
        self.timeoutMilliseconds = timeoutMilliseconds
        self.callLimit = callLimit
    }

    package func address(of api: ModelAPI) -> String { baseURL.joined(api.path, kind) }
}
