/// The APIs of model providers whose requests are read and whose answers are stored.
///
/// The raw values are written into stored answers and are never used again for another API.
package enum ModelAPI: UInt8, Hashable, Sendable, CaseIterable {
    case chatCompletions = 1
    case responses = 2
    /// Anthropic's.
    case messages = 3
    case embeddings = 4

    package var path: String {
        switch self {
        case .chatCompletions: "/v1/chat/completions"
        case .responses: "/v1/responses"
        case .messages: "/v1/messages"
        case .embeddings: "/v1/embeddings"
        }
    }

    /// - Returns: nil for a path that is none of theirs.
    package init?(path: String) {
        guard let api = Self.allCases.first(where: { $0.path == path }) else { return nil }
        self = api
    }

    /// What the identifiers of its answers begin with; nil where answers have none.
    package var identifierPrefix: String? {
        switch self {
        case .chatCompletions: "chatcmpl-"
        case .responses: "resp_"
        case .messages: "msg_"
        case .embeddings: nil
        }
    }
}
