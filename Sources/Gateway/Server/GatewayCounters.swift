import Synchronization

/// What the gateway has done since it was started.
package final class GatewayCounters: Sendable {
    package enum Counter: Int, CaseIterable, Sendable {
        case requests, hits, semanticHits, misses, bypasses, fenced, joined, upstreamCalls, upstreamFailures, stored
        case notStored, staleInserts, refused, disconnects, invalidations
    }

    private let counts = Mutex([Int](repeating: 0, count: Counter.allCases.count))

    func increment(_ counter: Counter, by count: Int = 1) { counts.withLock { $0[counter.rawValue] += count } }

    package subscript(counter: Counter) -> Int { counts.withLock { $0[counter.rawValue] } }
}
