/// Tells a queue that cannot keep up from one that a burst has filled for a moment, and from one that is as long as its
/// clients make it, who wait for their answers before they ask again. A plain value.
///
/// Judged by how long the oldest has waited, as one search may take a hundred times as long as another, and by whether
/// the queue grows meanwhile. The idea is that of "Controlling Queue Delay" (Nichols and Jacobson, 2012); here the
/// newest is turned away at once, instead of the oldest after it has waited.
package struct QueueDelay: Sendable {
    /// What the oldest may have waited; nil for any time.
    package let limitNanoseconds: Int64?

    /// Late for as long as this, a queue may be behind; if it has refused nobody for as long as this, it has caught up. Long enough for
    /// a burst, and short enough that little has piled up at twice the rate that can be done.
    package static let patienceNanoseconds: Int64 = 20_000_000
    /// So many more than twice as many as in the first half of that time: the queue has grown. What came at once is there by
    /// the end of it.
    package static let growth = 32
    /// While a queue is behind so many may wait for each thread, and a thread takes no more of them at once: what is taken
    /// waits for as long as a few others take, and there is always something to do.
    package static let waitingPerThread = 2

    /// While a queue is behind, who has waited for so many times the limit is refused, too: what was taken while it still might
    /// have been a burst would otherwise make everybody after it wait.
    package static let longestWait: Int64 = 2

    private let threads: Int
    package private(set) var isBehind = false
    /// When the queue became late, and how many waited at most soon afterwards; while behind, when it last refused.
    private var late: (at: MonotonicTime, count: Int)?

    package init(limitNanoseconds: Int64?, threads: Int = 1) {
        self.limitNanoseconds = limitNanoseconds
        self.threads = threads
    }

    /// Whether one that is about to be served is to be refused instead.
    package func hasWaitedTooLong(_ submittedAt: MonotonicTime, now: MonotonicTime) -> Bool {
        guard isBehind, let limitNanoseconds else { return false }
        return now.nanoseconds(since: submittedAt) / Self.longestWait > limitNanoseconds
    }

    /// - Parameters:
    ///   - oldest: when the oldest that waits was put into the queue; nil when it is empty.
    ///   - count: how many wait.
    /// - Returns: whether one more may wait.
    package mutating func admits(at now: MonotonicTime, oldest: MonotonicTime?, count: Int) -> Bool {
        guard let limitNanoseconds else { return true }
        let isLate = oldest.map { now.nanoseconds(since: $0) > limitNanoseconds } ?? false
        let isOver = late.map { now.nanoseconds(since: $0.at) >= Self.patienceNanoseconds } ?? false
        if isBehind {
            if isLate || count >= threads * Self.waitingPerThread {
                late = (now, count)
                return false
            }
            if isOver { (isBehind, late) = (false, nil) }
            return true
        }
        guard isLate else {
            late = nil
            return true
        }
        var beginning = late ?? (now, count)
        if now.nanoseconds(since: beginning.at) < Self.patienceNanoseconds / 2 {
            beginning.count = max(beginning.count, count)
        }
        late = beginning
        isBehind = isOver && count > 2 * beginning.count + Self.growth
        return !isBehind
    }
}
