package import CacheModel
package import CoreMetrics
internal import Synchronization

/// What the engine has done since it was opened. Counted by all threads, read at any time.
package final class EngineCounters: Sendable {
    package struct Counter: ~Copyable, Sendable {
        private let value = Atomic<Int>(0)
        package init() {}
        package func set(_ count: Int) { value.store(count, ordering: .relaxed) }
        package func add(_ count: Int) { value.wrappingAdd(count, ordering: .relaxed) }
        package var current: Int { value.load(ordering: .relaxed) }
    }

    package let keyHits = Counter()
    package let vectorHits = Counter()
    package let missesNothingStored = Counter()
    package let missesBelowThreshold = Counter()
    package let missesStale = Counter()
    package let missesExpired = Counter()
    package let missesFenced = Counter()
    package let refusedLookups = Counter()
    package let inserted = Counter()
    package let refusedInserts = Counter()
    package let staleInserts = Counter()
    package let invalidations = Counter()
    package let purges = Counter()
    package let evicted = Counter()
    /// Of those, entries that had expired, and those that stood lowest in the order.
    package let evictedExpired = Counter()
    package let evictedLowest = Counter()
    /// Entries that did not hold any more and were removed because there was no room; they count as reclaimed, too.
    package let evictedStale = Counter()
    package let evictedBytes = Counter()
    /// Bytes of the entries that may have to make room, as of the last commit.
    package let trackedBytes = Counter()
    package let reclaimed = Counter()
    package let damaged = Counter()
    package let overloaded = Counter()
    package let indexBuilds = Counter()
    package let indexRepacks = Counter()
    package let failedIndexBuilds = Counter()
    package let searches = Counter()
    package let searchNanoseconds = Counter()

    let timings: EngineTimings

    package init(metrics: any MetricsFactory = NOOPMetricsHandler.instance) { timings = EngineTimings(metrics) }

    package func count(_ outcomes: [InsertOutcome]) {
        for outcome in outcomes {
            switch outcome {
            case .stored: inserted.add(1)
            case .refused(let error):
                refusedInserts.add(1)
                if error.code == .staleDependency || error.code == .leaseRequired { staleInserts.add(1) }
            }
        }
    }

    package func count(_ reply: WriteReply) {
        switch reply {
        case .invalidated(let outcomes):
            for case .success(let receipt) in outcomes where receipt.changed { invalidations.add(1) }
        case .purged, .dropped: purges.add(1)
        default: break
        }
    }

    package func count(_ outcome: LookupOutcome) {
        switch outcome {
        case .hits(let hits): hits.first?.match == .key ? keyHits.add(1) : vectorHits.add(1)
        case .miss(let miss):
            switch miss.reason {
            case .nothingStored: missesNothingStored.add(1)
            case .belowThreshold: missesBelowThreshold.add(1)
            case .stale: missesStale.add(1)
            case .expired: missesExpired.add(1)
            case .fenced: missesFenced.add(1)
            }
        case .refused: refusedLookups.add(1)
        }
    }
}
