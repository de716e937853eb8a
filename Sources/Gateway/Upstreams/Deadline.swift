/// Runs an operation and cancels it when its time is over.
///
/// - Throws: `error` when the time is over, `CancellationError` when the caller is cancelled, or what the operation
///   throws.
func withDeadline<Value: Sendable>(
    _ deadline: ContinuousClock.Instant, or error: any Error, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(until: deadline, clock: .continuous)
            throw error
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
