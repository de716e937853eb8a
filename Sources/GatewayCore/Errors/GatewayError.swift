/// What went wrong with a request, as the app that sent it is told: an HTTP status and OpenAI's or Anthropic's error
/// object.
///
/// docs/GATEWAY.md has the table of all codes; a test walks through it.
package struct GatewayError: Error, Hashable, Sendable {
    package var code: Code
    /// A sentence that says what to do, without anything of a prompt or an answer in it.
    package var message: String
    /// The field or header that is meant, as `messages[0].content` or `x-semblance-ttl`.
    package var parameter: String?
    /// When it is worth asking again.
    package var retryAfterSeconds: Int?

    package init(_ code: Code, _ message: String, parameter: String? = nil, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.message = message
        self.parameter = parameter
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// Stable: clients may rely on them.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case invalidJSON = "invalid_json"
        /// A field has the wrong type, or is missing.
        case invalidRequest = "invalid_request"
        case invalidHeader = "invalid_header"
        case requestTooLarge = "request_too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case modelNotFound = "model_not_found"
        case unknownEndpoint = "unknown_endpoint"
        case methodNotAllowed = "method_not_allowed"
        case invalidAPIKey = "invalid_api_key"
        case invalidSignature = "invalid_signature"
        /// A webhook's timestamp is too old or too new.
        case timestampOutOfRange = "timestamp_out_of_range"
        case unknownUseCase = "unknown_use_case"
        case unknownMapping = "unknown_mapping"
        case namespaceNotFound = "namespace_not_found"
        /// What is known of a source contradicts the news about it.
        case conflict
        /// An answer's dependency has changed since it was read.
        case staleDependency = "stale_dependency"
        case invalidLease = "invalid_lease"
        /// `only-if-cached`, and nothing is cached.
        case notCached = "not_cached"
        case overloaded
        case deadlineExceeded = "deadline_exceeded"
        /// The upstream cannot be reached, or ended in the middle.
        case upstreamUnavailable = "upstream_unavailable"
        case upstreamInvalidResponse = "upstream_invalid_response"
        case upstreamTimeout = "upstream_timeout"
        /// An invalidation could not be made durable: send it again.
        case invalidationUnavailable = "invalidation_unavailable"
        case cacheUnavailable = "cache_unavailable"
        case embedderUnavailable = "embedder_unavailable"
        case internalError = "internal_error"

        /// The HTTP status.
        package var status: Int {
            switch self {
            case .invalidJSON, .invalidRequest, .invalidHeader, .unknownUseCase, .staleDependency,
                .invalidLease, .timestampOutOfRange:
                400
            case .invalidAPIKey, .invalidSignature: 401
            case .modelNotFound, .unknownEndpoint, .unknownMapping, .namespaceNotFound: 404
            case .methodNotAllowed: 405
            case .conflict: 409
            case .requestTooLarge: 413
            case .unsupportedMediaType: 415
            case .internalError: 500
            case .upstreamUnavailable, .upstreamInvalidResponse: 502
            case .overloaded, .invalidationUnavailable, .cacheUnavailable, .embedderUnavailable: 503
            case .notCached, .deadlineExceeded, .upstreamTimeout: 504
            }
        }
    }
}
