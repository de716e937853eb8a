import Synchronization

/// What is to be done when a reply has been written, or has been dropped unwritten. Every action is done once.
final class ReplyCleanup: Sendable {
    private let actions = Mutex<[@Sendable () -> Void]>([])

    func add(_ action: @escaping @Sendable () -> Void) { actions.withLock { $0.append(action) } }

    func run() {
        let pending = actions.withLock { actions in
            defer { actions = [] }
            return actions
        }
        for action in pending { action() }
    }

    deinit { run() }
}
