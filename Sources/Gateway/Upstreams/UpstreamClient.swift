import AsyncHTTPClient
import GatewayCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Calls upstreams. Tries again only before the first byte of an answer has come, within the retry budget, and leaves alone
/// what keeps failing.
final class UpstreamClient: Sendable {
    private struct State {
        var budget: RetryBudget
        var breakers: [String: SharedBreaker] = [:]
        var running: [String: Int] = [:]
    }

    private let client: HTTPClient
    private let retries: GatewayConfiguration.Retries
    private let breaker: CircuitBreaker.Settings
    private let logger: Logger
    private let state: Mutex<State>

    init(
        _ client: HTTPClient, retries: GatewayConfiguration.Retries, breaker: CircuitBreaker.Settings, logger: Logger
    ) {
        self.client = client
        self.retries = retries
        self.breaker = breaker
        self.logger = logger
        state = Mutex(State(budget: RetryBudget(retries.budget, at: .now)))
    }

    /// The settings of AsyncHTTPClient that a gateway needs: no redirects, which could carry keys elsewhere, and as many
    /// connections as there are calls.
    static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(5))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = GatewayLimits.largestRequestCount
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// Calls, and hands over the answer as soon as it begins. The call has ended when this returns, or is given up.
    ///
    /// - Throws: `GatewayError`, `CancellationError`, or what `body` throws.
    func withResponse<Value: Sendable>(
        to call: UpstreamCall, _ body: (UpstreamResponse) async throws -> Value
    ) async throws -> Value {
        let name = call.upstream.name
        try begin(call.upstream)
        defer { state.withLock { $0.running[name, default: 1] -= 1 } }
        return try await body(try await response(to: call))
    }

    private func begin(_ upstream: Upstream) throws {
        try state.withLock { state in
            let count = state.running[upstream.name, default: 0]
            if let limit = upstream.callLimit, count >= limit {
                throw GatewayError(
                    .overloaded, "The upstream '\(upstream.name)' has \(limit) calls in flight, as many as it may.",
                    retryAfterSeconds: 1)
            }
            state.running[upstream.name] = count + 1
            state.budget.recordCall(at: .now)
        }
    }

    private func response(to call: UpstreamCall) async throws -> UpstreamResponse {
        let breaker = breaker(of: call.upstream)
        var attempt = 1
        while true {
            let ticket: CircuitBreaker.Ticket
            switch breaker.permission() {
            case .allowed(let allowed): ticket = allowed
            case .refused(let milliseconds):
                throw GatewayError(
                    .upstreamUnavailable, "The upstream '\(call.upstream.name)' fails and is left alone for a while.",
                    retryAfterSeconds: Int(milliseconds / 1_000) + 1)
            }
            let outcome: Result<UpstreamResponse, any Error>
            do {
                outcome = .success(
                    UpstreamResponse(try await client.execute(call.request, deadline: .distantFuture, logger: logger)))
            } catch {
                outcome = .failure(error)
            }
            if Task.isCancelled {
                breaker.abandon(ticket)
                throw CancellationError()
            }
            breaker.report(ticket, succeeded: !outcome.isUpstreamFailure)
            guard outcome.isRepeatable, attempt < retries.attemptLimit, await waits(attempt, call) else {
                switch outcome {
                case .success(let response): return response
                case .failure(let error): throw GatewayError(error, upstream: call.upstream.name)
                }
            }
            attempt += 1
        }
    }

    /// Waits before another attempt; longer each time, and never the same time for all.
    ///
    /// - Returns: whether there is time and budget for it.
    private func waits(_ attempt: Int, _ call: UpstreamCall) async -> Bool {
        let delay = Duration.milliseconds(Int64.random(in: 1...(50 << min(attempt, 5))))
        guard .now + delay < call.deadline, state.withLock({ $0.budget.takeRetry(at: .now) }) else { return false }
        logger.debug("Upstream call is tried again", metadata: ["upstream": "\(call.upstream.name)"])
        do {
            try await Task.sleep(for: delay)
            return true
        } catch {
            return false
        }
    }

    private func breaker(of upstream: Upstream) -> SharedBreaker {
        state.withLock { state in
            if let breaker = state.breakers[upstream.name] { return breaker }
            let made = SharedBreaker(breaker)
            state.breakers[upstream.name] = made
            return made
        }
    }
}

extension Result<UpstreamResponse, any Error> {
    fileprivate var isUpstreamFailure: Bool {
        switch self {
        case .success(let response): response.status >= 500
        case .failure: true
        }
    }

    /// What is in front of a model says these when it has not reached it; everything else is the model's own word.
    fileprivate var isRepeatable: Bool {
        switch self {
        case .success(let response): [502, 503, 504].contains(response.status)
        case .failure(let error): error as? HTTPClientError != .deadlineExceeded
        }
    }
}

extension GatewayError {
    /// What became of a call that has no answer, or no more of it.
    init(_ error: any Error, upstream: String) {
        if let error = error as? GatewayError {
            self = error
            return
        }
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?, .writeTimeout?:
            self.init(.upstreamTimeout, "The upstream '\(upstream)' takes too long.")
        case .remoteConnectionClosed?:
            self.init(.upstreamUnavailable, "The upstream '\(upstream)' closed the connection.")
        default:
            self.init(.upstreamUnavailable, "The upstream '\(upstream)' cannot be reached.")
        }
    }
}
