/// In whose shape an error is told: that of the API which the client speaks.
package enum ErrorFormat: Hashable, Sendable, CaseIterable {
    /// OpenAI's, and ours where no API is spoken.
    case openAI
    /// The same in a body; an event of its own kind in a stream.
    case openAIResponses
    case anthropic

    package init(_ api: ModelAPI?) {
        switch api {
        case .messages: self = .anthropic
        case .responses: self = .openAIResponses
        case .chatCompletions, .embeddings, nil: self = .openAI
        }
    }
}

extension GatewayError.Code {
    /// OpenAI's `type`.
    package var type: String {
        switch status {
        case 401: "authentication_error"
        case 404: "not_found_error"
        case 409: "conflict_error"
        case 503 where self == .overloaded: "overloaded_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    /// Anthropic's `type`, of which its clients know these and no others.
    package var anthropicType: String {
        switch status {
        case 401: "authentication_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 503 where self == .overloaded: "overloaded_error"
        case 504 where self != .notCached: "timeout_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
