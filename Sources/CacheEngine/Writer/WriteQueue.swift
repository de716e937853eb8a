internal import CacheModel
internal import DequeModule
internal import Synchronization

/// A write and who waits for it.
package struct PendingWrite: Sendable {
    package var request: WriteRequest
    package var reply: @Sendable (WriteReply) -> Void
    let submittedAt = MonotonicTime.now

    package init(request: WriteRequest, reply: @escaping @Sendable (WriteReply) -> Void) {
        self.request = request
        self.reply = reply
    }
}

/// Work on the writer thread that nobody outside of the engine asked for.
package typealias WriterStep = @Sendable (Writer) -> Void

/// Writes on their way to the writer thread: bounded, invalidations first, the others in the order they came.
package final class WriteQueue: Sendable {
    private struct State {
        var invalidations = Deque<PendingWrite>()
        var others = Deque<PendingWrite>()
        /// What the builder of search indexes wants done; each takes a few milliseconds at most.
        var steps = Deque<WriterStep>()
        var isClosed = false

        mutating func takeInvalidations() -> Work? {
            guard !invalidations.isEmpty else { return nil }
            let count = min(invalidations.count, Limits.batchCount)
            let taken = Array(invalidations.prefix(count))
            invalidations.removeFirst(count)
            return .invalidations(taken)
        }
    }

    /// What the writer takes at once.
    package enum Work: Sendable {
        case invalidations([PendingWrite])
        case group([PendingWrite])
        case step(WriterStep)
        /// Nothing came in time.
        case idle
        /// The queue is closed and empty.
        case closed
    }

    private let state = Mutex(State())
    private let signal = Signal()
    private let limit: Int

    package init(limit: Int) { self.limit = limit }

    package enum Rejection: Error { case full, closed }

    package func push(_ write: PendingWrite) throws(Rejection) {
        let rejection = state.withLock { state -> Rejection? in
            if state.isClosed { return .closed }
            if write.request.isInvalidation {
                // Invalidations have a bound of their own: inserts that wait must not keep them out.
                guard state.invalidations.count < limit else { return .full }
                state.invalidations.append(write)
            } else {
                guard state.others.count < limit else { return .full }
                state.others.append(write)
            }
            return nil
        }
        if let rejection { throw rejection }
        signal.notify()
    }

    /// - Returns: false when the queue is closed.
    func push(_ step: @escaping WriterStep) -> Bool {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.steps.append(step) }
            return !state.isClosed
        }
        if isOpen { signal.notify() }
        return isOpen
    }

    /// Waits for work. Of other writes it takes as many as one group commit may have.
    package func next(timeoutMilliseconds: Int?) -> Work {
        while true {
            // The ticket is drawn before looking, so that a push in between is not slept through.
            let ticket = signal.ticket()
            if let work = take() { return work }
            guard signal.wait(after: ticket, timeoutMilliseconds: timeoutMilliseconds) else { return .idle }
        }
    }

    /// Invalidations that wait, if any, without waiting for them.
    package func nextInvalidations() -> Work { state.withLock { $0.takeInvalidations() } ?? .idle }

    private func take() -> Work? {
        state.withLock { state in
            if let invalidations = state.takeInvalidations() { return invalidations }
            // The builder waits for each of its steps, so they cannot keep other writes out.
            if let step = state.steps.popFirst() { return .step(step) }
            guard !state.others.isEmpty else { return state.isClosed ? .closed : nil }
            var group: [PendingWrite] = []
            var rows = 0
            var bytes = 0
            while let first = state.others.first {
                let weight = first.request.weight
                rows += weight.rows
                bytes += weight.bytes
                if !group.isEmpty, rows > Limits.groupRows || bytes > Limits.groupBytes { break }
                group.append(state.others.removeFirst())
            }
            return .group(group)
        }
    }

    /// Refuses further writes; what waits is still taken.
    package func close() {
        state.withLock { $0.isClosed = true }
        signal.notify()
    }

    package var waitingCount: Int { state.withLock { $0.others.count + $0.invalidations.count } }
}
