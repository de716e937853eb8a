import GatewayCore
import Synchronization

/// The address of a server, for those who wait until it listens.
final class BoundAddress: Sendable {
    private struct State {
        var outcome: Result<ServiceLocation, any Error>?
        var waiters: [CheckedContinuation<ServiceLocation, any Error>] = []
    }

    private let state = Mutex(State())

    var value: ServiceLocation {
        get async throws {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = state.withLock { state in
                    if state.outcome == nil { state.waiters.append(continuation) }
                    return state.outcome
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        }
    }

    func succeed(_ location: ServiceLocation) { settle(.success(location)) }

    /// Nothing happens when it is known already.
    func fail(_ error: any Error) { settle(.failure(error)) }

    private func settle(_ outcome: Result<ServiceLocation, any Error>) {
        let waiters = state.withLock { state -> [CheckedContinuation<ServiceLocation, any Error>] in
            guard state.outcome == nil else { return [] }
            state.outcome = outcome
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(with: outcome) }
    }
}
