import NIOCore
import NIOPosix
import Synchronization

/// Runs an operation and cancels it when its time is over.
///
/// The time is kept by an event loop: for a sleeping task beside the operation the runtime would wake a thread of its
/// own, twice in every call.
///
/// - Throws: `error` when the time is over, `CancellationError` when the caller is cancelled, or what the operation
///   throws.
func withDeadline<Value: Sendable>(
    _ deadline: ContinuousClock.Instant, or error: any Error, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let isOver = Flag()
    let task = Task { try await operation() }
    let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(deadline - .now)) {
        isOver.raise()
        task.cancel()
    }
    defer { timer.cancel() }
    return try await withTaskCancellationHandler {
        do {
            return try await task.value
        } catch let failure {
            throw isOver.isRaised ? error : failure
        }
    } onCancel: {
        task.cancel()
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}
