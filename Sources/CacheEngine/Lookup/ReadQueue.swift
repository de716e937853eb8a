internal import CacheModel
internal import DequeModule
internal import Synchronization

/// A read and who waits for it.
package struct PendingRead: Sendable {
    package var request: ReadRequest
    package var reply: @Sendable (ReadReply) -> Void
    package let submittedAt: MonotonicTime

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
    /// What the delay says, for those who would rather not wait for the lock.
    private let behind = Atomic(false)
    private let signal = Signal()
    private let limit: Int
    private let threads: Int

    /// - Parameters:
    ///   - limit: of the reads that wait.
    ///   - threads: that take batches.
    package init(limit: Int, delayLimitNanoseconds: Int64? = nil, threads: Int = 1) {
        self.limit = limit
        self.threads = threads
        state = Mutex(State(delay: QueueDelay(limitNanoseconds: delayLimitNanoseconds, threads: threads)))
    }

    package func push(_ read: PendingRead) throws(WriteQueue.Rejection) {
        let rejection = state.withLock { state -> WriteQueue.Rejection? in
            if state.isClosed { return .closed }
            guard state.waiting.count < limit, admits(at: read.submittedAt, &state) else { return .full }
            state.waiting.append(read)
            return nil
        }
        if let rejection { throw rejection }
        signal.notify()
    }

    private func admits(at now: MonotonicTime, _ state: inout State) -> Bool {
        let isAdmitted = state.delay.admits(
            at: now, oldest: state.waiting.first?.submittedAt, count: state.waiting.count)
        behind.store(state.delay.isBehind, ordering: .relaxed)
        return isAdmitted
    }

    /// Whether reads come faster than they are answered.
    package var isBehind: Bool { behind.load(ordering: .relaxed) }

    /// Whether a read that came now would be refused, because the queue is behind.
    package func turnsAway(at now: @autoclosure () -> MonotonicTime = .now) -> Bool {
        isBehind && state.withLock { !$0.isClosed && !admits(at: now(), &$0) }
    }

    /// What a thread takes at once.
    package struct Batch: Sendable {
        package var reads: [PendingRead] = []
        /// Those that have waited too long, see `QueueDelay`: they are refused.
        package var late: [PendingRead] = []
    }

    /// Waits for reads and takes one thread's share of them, `Limits.sharedSearchCount` at most; nil when the queue is closed and
    /// empty.
    package func next() -> Batch? {
        while true {
            let ticket = signal.ticket()
            // In this order: nothing comes after it is closed.
            let isClosed = state.withLock(\.isClosed)
            if let batch = take(at: .now) { return batch }
            if isClosed { return nil }
            _ = signal.wait(after: ticket, timeoutMilliseconds: nil)
        }
    }

    /// The same without waiting; nil when there is nothing.
    package func take(at now: MonotonicTime) -> Batch? {
        state.withLock { state in
            if state.waiting.isEmpty { return nil }
            return takeShare(of: &state, at: now)
        }
    }

    private func takeShare(of state: inout State, at now: MonotonicTime) -> Batch {
        var batch = Batch()
        if state.delay.isBehind {
            while let first = state.waiting.first, state.delay.hasWaitedTooLong(first.submittedAt, now: now) {
                batch.late.append(state.waiting.removeFirst())
            }
        }
        let share = min(
            (state.waiting.count + threads - 1) / threads,
            state.delay.isBehind ? QueueDelay.waitingPerThread : Limits.sharedSearchCount)
        var queries = 0
        while batch.reads.count < share, let first = state.waiting.first {
            queries += first.request.queryCount
            if !batch.reads.isEmpty, queries > Limits.searchBatchCount { break }
            batch.reads.append(state.waiting.removeFirst())
        }
        return batch
    }

    package func close() {
        state.withLock { $0.isClosed = true }
        signal.notify()
    }

    package var waitingCount: Int { state.withLock { $0.waiting.count } }
}
