/// How a call to an upstream failed.
package enum UpstreamFailure: Hashable, Sendable {
    /// It could not be reached: nothing was sent.
    case unreachable
    case timeout
    /// The connection ended before the answer was whole.
    case brokenOff
    /// It answered, with an error.
    case status(Int)

    /// Whether the upstream itself seems to be at fault, so that others are kept away from it. A client's mistake, or
    /// its having used up what it may, says nothing of the kind.
    package var countsForBreaker: Bool {
        switch self {
        case .unreachable, .timeout, .brokenOff: true
        case .status(let status): status >= 500 && status != 501
        }
    }

    /// Whether the same call may succeed a moment later. One that ran into its time limit was long enough already.
    package var mayPass: Bool {
        switch self {
        case .unreachable, .brokenOff: true
        case .timeout: false
        // 529 is Anthropic's "overloaded".
        case .status(let status): [408, 429, 500, 502, 503, 504, 529].contains(status)
        }
    }

    /// What the client is told when there is no answer of the upstream that could be passed on.
    package var error: GatewayError {
        switch self {
        case .unreachable: GatewayError(.upstreamUnavailable, "The provider cannot be reached.")
        case .brokenOff: GatewayError(.upstreamUnavailable, "The provider broke off its answer.")
        case .timeout: GatewayError(.upstreamTimeout, "The provider took longer than is allowed.")
        case .status(let status):
            GatewayError(
                .upstreamInvalidResponse, "The provider answered with the status \(status) and nothing to read.")
        }
    }
}
