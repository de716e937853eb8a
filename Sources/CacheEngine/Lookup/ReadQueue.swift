internal import CacheModel
internal import DequeModule
internal import Synchronization

/// A read and who waits for it.
package struct PendingRead: Sendable {
    package var request: ReadRequest
    package var reply: @Sendable (ReadReply) -> Void
    let submittedAt: MonotonicTime

    package init(
        request: ReadRequest, at submittedAt: MonotonicTime = .now, reply: @escaping @Sendable (ReadReply) -> Void
    ) {
        self.request = request
        self.submittedAt = submittedAt
        self.reply = reply
    }
}

/// Reads on their way to the search threads, bounded in number and, once they come faster than they are answered, in
/// how long they wait. A thread takes its share of what waits as one batch: nobody waits for a batch to fill.
package final class ReadQueue: Sendable {
    private struct State {
        var waiting = Deque<PendingRead>()
        var delay: QueueDelay
        var isClosed = false
    }

    private let state: Mutex<State>
    private let signal = Signal()
    private let limit: Int
    private let threads: Int

    /// - Parameters:
    ///   - limit: of the reads that wait.
    ///   - threads: that take batches.
    package init(limit: Int, delayLimitNanoseconds: Int64? = nil, threads: Int = 1) {
        self.limit = limit
        self.threads = threads
        state = Mutex(State(delay: QueueDelay(limitNanoseconds: delayLimitNanoseconds)))
    }

    package func push(_ read: PendingRead) throws(WriteQueue.Rejection) {
        let rejection = state.withLock { state -> WriteQueue.Rejection? in
            if state.isClosed { return .closed }
            guard state.waiting.count < limit,
                state.delay.admits(
                    at: read.submittedAt, oldest: state.waiting.first?.submittedAt, count: state.waiting.count)
            else { return .full }
            state.waiting.append(read)
            return nil
        }
        if let rejection { throw rejection }
        signal.notify()
    }

    /// Waits for reads and takes one thread's share of them, up to `Limits.searchBatchCount` queries; nil when the queue
    /// is closed and empty.
    package func next() -> [PendingRead]? {
        while true {
            let ticket = signal.ticket()
            let (batch, isClosed) = state.withLock { state -> ([PendingRead], Bool) in
                var batch: [PendingRead] = []
                var queries = 0
                let share = (state.waiting.count + threads - 1) / threads
                while batch.count < share, let first = state.waiting.first {
                    queries += first.request.queryCount
                    if !batch.isEmpty, queries > Limits.searchBatchCount { break }
                    batch.append(state.waiting.removeFirst())
                }
                return (batch, state.isClosed)
            }
            if !batch.isEmpty { return batch }
            if isClosed { return nil }
            _ = signal.wait(after: ticket, timeoutMilliseconds: nil)
        }
    }

    package func close() {
        state.withLock { $0.isClosed = true }
        signal.notify()
    }

    package var waitingCount: Int { state.withLock { $0.waiting.count } }
}
