import AsyncHTTPClient
import GatewayCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Calls upstreams. Tries again only before the first byte of an answer has come, within the retry budget, and leaves
/// alone what keeps failing.
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

    /// The settings of AsyncHTTPClient that a gateway needs: no redirects, which could carry keys elsewhere, and as
    /// many connections as there are calls.
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
            let failure = UpstreamFailure(outcome)
            breaker.report(ticket, succeeded: !(failure?.countsForBreaker ?? false))
            if let failure, await waits(after: failure, attempt, outcome, call) {
                attempt += 1
                continue
            }
            switch outcome {
            case .success(let response): return response
            case .failure(let error): throw GatewayError(error)
            }
        }
    }

    /// Waits before another attempt.
    ///
    /// - Returns: whether there is to be one: the rule, the time that is left and the budget allow it.
    private func waits(
        after failure: UpstreamFailure, _ attempt: Int, _ outcome: Result<UpstreamResponse, any Error>,
        _ call: UpstreamCall
    ) async -> Bool {
        let (seconds, attoseconds) = (call.deadline - .now).components
        let delay = retries.rule.delayMilliseconds(
            after: failure, attempt: attempt, hasStreamed: false,
            retryAfterMilliseconds: (try? outcome.get())?.retryAfterMilliseconds,
            remainingMilliseconds: seconds * 1_000 + attoseconds / 1_000_000_000_000_000, jitter: .random(in: 0..<1))
        guard let delay, state.withLock({ $0.budget.takeRetry(at: .now) }) else { return false }
        logger.debug(
            "Upstream call is tried again",
            metadata: ["upstream": "\(call.upstream.name)", "milliseconds": "\(delay)"])
        do {
            try await Task.sleep(for: .milliseconds(delay))
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

extension UpstreamFailure {
    /// What was wrong with a call; nil for one that was answered well.
    fileprivate init?(_ outcome: Result<UpstreamResponse, any Error>) {
        switch outcome {
        case .success(let response):
            guard response.status >= 400 else { return nil }
            self = .status(response.status)
        case .failure(let error): self.init(error)
        }
    }

    fileprivate init(_ error: any Error) {
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?, .writeTimeout?: self = .timeout
        case .connectTimeout?, .tlsHandshakeTimeout?, .getConnectionFromPoolTimeout?: self = .unreachable
        case .some: self = .brokenOff
        case nil: self = error is NIOConnectionError || error is SocketAddressError ? .unreachable : .brokenOff
        }
    }
}

extension GatewayError {
    /// What became of a call that has no answer, or no more of it.
    init(_ error: any Error) {
        // Bytes that end too early are no wrong ones: the connection broke.
        if let error = error as? HTTPParserError, error != .invalidEOFState {
            self.init(.upstreamInvalidResponse, "The provider answered with something that is no HTTP.")
        } else {
            self = error as? GatewayError ?? UpstreamFailure(error).error
        }
    }
}
