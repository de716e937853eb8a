package import CacheStorage
internal import DequeModule
internal import Synchronization

/// Contents whose search index is to be built anew, in the order in which that was noticed.
package final class BuildQueue: Sendable {
    private struct State {
        var waiting = Deque<ContentIdentifier>()
        /// Those that wait, and the one being built.
        var known = Set<ContentIdentifier>()
        /// Rows that a content had when its build failed: it is tried again when it has grown by half.
        var failed: [ContentIdentifier: Int] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    private let signal = Signal()

    package init() {}

    package func request(_ content: ContentIdentifier, rowCount: Int) {
        let isNew = state.withLock { state in
            if let failed = state.failed[content], rowCount < failed + failed / 2 { return false }
            guard !state.isClosed, state.known.insert(content).inserted else { return false }
            state.waiting.append(content)
            return true
        }
        if isNew { signal.notify() }
    }

    /// Waits for work; nil when the queue is closed.
    package func next() -> ContentIdentifier? {
        while true {
            let ticket = signal.ticket()
            let (content, isClosed) = state.withLock { state in
                (state.isClosed ? nil : state.waiting.popFirst(), state.isClosed)
            }
            if isClosed { return nil }
            if let content { return content }
            _ = signal.wait(after: ticket, timeoutMilliseconds: nil)
        }
    }

    /// - Parameter failedAt: the rows that there were when the build failed; nil when it did not.
    package func finish(_ content: ContentIdentifier, failedAt rowCount: Int?) {
        state.withLock { state in
            state.known.remove(content)
            state.failed[content] = rowCount
        }
        // Whoever waits for there being nothing to build.
        signal.notify()
    }

    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Contents that wait or are being built.
    package var pendingCount: Int { state.withLock { $0.known.count } }

    /// Waits until nothing is pending; for tests and tools.
    package func drain() {
        while true {
            let ticket = signal.ticket()
            if state.withLock({ $0.isClosed || $0.known.isEmpty }) { return }
            _ = signal.wait(after: ticket, timeoutMilliseconds: nil)
        }
    }

    package func close() {
        state.withLock { $0.isClosed = true }
        signal.notify()
    }
}
