import DequeModule
import NIOCore

/// Requests for which no connection has room, first come first served; any of them may leave early.
struct WaitingLine<Call: OutstandingRequest> {
    private var calls: [UInt64: Call] = [:]
    /// In the order of arrival; numbers that are not in `calls` have left.
    private var order: Deque<UInt64> = []
    /// No call ends before this; may be too early, never too late.
    private(set) var earliestDeadline = NIODeadline.distantFuture

    var count: Int { calls.count }
    var isEmpty: Bool { calls.isEmpty }

    mutating func append(_ call: Call) {
        calls[call.number] = call
        order.append(call.number)
        earliestDeadline = min(earliestDeadline, call.deadline)
    }

    var first: Call? {
        mutating get {
            while let number = order.first {
                if let call = calls[number] { return call }
                order.removeFirst()
            }
            return nil
        }
    }

    /// - Returns: nil when the request does not wait here.
    mutating func remove(_ number: UInt64) -> Call? {
        guard let call = calls.removeValue(forKey: number) else { return nil }
        if calls.isEmpty {
            order.removeAll(keepingCapacity: true)
            earliestDeadline = .distantFuture
        } else if order.count > 2 * calls.count + 32 {
            order.removeAll { calls[$0] == nil }
        }
        return call
    }

    mutating func removeExpired(now: NIODeadline) -> [Call] {
        guard earliestDeadline <= now else { return [] }
        let expired = calls.values.filter { $0.deadline <= now }
        for call in expired { _ = remove(call.number) }
        earliestDeadline = calls.values.map(\.deadline).min() ?? .distantFuture
        return expired
    }

    /// In the order of arrival.
    mutating func removeAll() -> [Call] {
        let all = order.compactMap { calls[$0] }
        calls = [:]
        order = []
        earliestDeadline = .distantFuture
        return all
    }
}
