package import CacheModel

/// The deliveries of the last minutes, by their identifiers: one that was carried out is not carried out again.
///
/// A delivery is remembered for good only when it has succeeded: one that failed is sent again under the same
/// identifier, and must then be carried out. When the window is full the oldest make room; what invalidations that name
/// a version or a label say twice changes nothing, so that this costs at most a bump.
package struct ReplayWindow: Sendable {
    package enum Admission: Hashable, Sendable {
        /// Carry it out, then say how it went.
        case new
        /// It is being carried out for another request: ask the sender to come again.
        case inProgress
        /// It was carried out.
        case done
    }

    private struct Record: Hashable {
        var isDone: Bool
        var at: Timestamp
    }

    private let countLimit: Int
    private let lifetimeMilliseconds: Int64
    private var records: [Name: Record] = [:]
    /// Identifiers in the order in which they came, from `first`; those that were abandoned are in no record.
    private var order: [(name: Name, at: Timestamp)] = []
    private var first = 0

    package init(
        countLimit: Int = GatewayLimits.replayWindowCount,
        lifetimeMilliseconds: Int64 = GatewayLimits.replayWindowSeconds * 1_000
    ) {
        self.countLimit = max(countLimit, 1)
        self.lifetimeMilliseconds = max(lifetimeMilliseconds, 1)
    }

    /// Identifiers that are remembered.
    package var count: Int { records.count }

    package mutating func begin(_ identifier: String, at now: Timestamp) -> Admission {
        forget(at: now)
        let name = Name(identifier)
        if let record = records[name] { return record.isDone ? .done : .inProgress }
        // Identifiers that fail and come again are several times in the order.
        while records.count >= countLimit || order.count - first >= 2 * countLimit { dropFirst() }
        records[name] = Record(isDone: false, at: now)
        order.append((name, now))
        return .new
    }

    /// It was carried out, durably.
    package mutating func finish(_ identifier: String) { records[Name(identifier)]?.isDone = true }

    /// It could not be carried out: the same identifier may come again.
    package mutating func abandon(_ identifier: String) {
        guard let record = records[Name(identifier)], !record.isDone else { return }
        records[Name(identifier)] = nil
    }

    private mutating func forget(at now: Timestamp) {
        while first < order.count, now.milliseconds(since: order[first].at) >= lifetimeMilliseconds { dropFirst() }
    }

    private mutating func dropFirst() {
        guard first < order.count else { return }
        let (name, at) = order[first]
        first += 1
        // One that was abandoned and came again is further back under the same name.
        if records[name]?.at == at { records[name] = nil }
        if first > 64, first * 2 > order.count {
            order.removeFirst(first)
            first = 0
        }
    }
}
