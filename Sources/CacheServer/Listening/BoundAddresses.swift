import Synchronization

/// The addresses of a server, for those who wait for it to listen.
final class BoundAddresses: Sendable {
    private struct State {
        var result: Result<[ListenAddress], any Error>?
        var waiting: [CheckedContinuation<[ListenAddress], any Error>] = []
    }

    private let state = Mutex(State())

    var value: [ListenAddress] {
        get async throws {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state in
                    if state.result == nil { state.waiting.append(continuation) }
                    return state.result
                }
                if let result { continuation.resume(with: result) }
            }
        }
    }

    func succeed(_ addresses: [ListenAddress]) { finish(.success(addresses)) }

    /// Does nothing after `succeed`.
    func fail(_ error: any Error) { finish(.failure(error)) }

    private func finish(_ result: Result<[ListenAddress], any Error>) {
        let waiting = state.withLock { state -> [CheckedContinuation<[ListenAddress], any Error>] in
            guard state.result == nil else { return [] }
            state.result = result
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(with: result) }
    }
}
