/// Tells a queue that cannot keep up from one that a burst has filled for a moment, and from one that is as long as its
/// clients make it, who wait for their answers before they ask again. A plain value.
///
/// Judged by how long the oldest has waited, as one search may take a hundred times as long as another, and by whether
/// the queue grows meanwhile. The idea is that of "Controlling Queue Delay" (Nichols and Jacobson, 2012); here the
/// newest is turned away at once, instead of the oldest after it has waited.
package struct QueueDelay: Sendable {
    /// What the oldest may have waited; nil for any time.
    package let limitNanoseconds: Int64?

    /// Late for as long as this, a queue may be behind; not late for as long as this, it has caught up. Long enough for
    /// a burst, and short enough that little has piled up at twice the rate that can be done.
    package static let patienceNanoseconds: Int64 = 20_000_000
    /// So many more than twice as many as when it became late: the queue has grown.
    package static let growth = 32

    private var isBehind = false
    /// When the queue became late, and how many waited then; while behind, when it was last late.
    private var late: (at: MonotonicTime, count: Int)?

    package init(limitNanoseconds: Int64?) { self.limitNanoseconds = limitNanoseconds }

    /// - Parameters:
    ///   - oldest: when the oldest that waits was put into the queue; nil when it is empty.
    ///   - count: how many wait.
    /// - Returns: whether one more may wait.
    package mutating func admits(at now: MonotonicTime, oldest: MonotonicTime?, count: Int) -> Bool {
        guard let limitNanoseconds else { return true }
        let isLate = oldest.map { now.nanoseconds(since: $0) > limitNanoseconds } ?? false
        let isOver = late.map { now.nanoseconds(since: $0.at) >= Self.patienceNanoseconds } ?? false
        switch (isLate, isBehind) {
        case (true, true):
            late = (now, count)
            return false
        case (true, false):
            let beginning = late ?? (now, count)
            late = beginning
            isBehind = isOver && count > 2 * beginning.count + Self.growth
            return !isBehind
        case (false, true):
            if isOver { (isBehind, late) = (false, nil) }
            return true
        case (false, false):
            late = nil
            return true
        }
    }
}
