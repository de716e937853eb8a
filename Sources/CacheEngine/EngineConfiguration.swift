package import CacheModel
package import CacheStorage
package import CoreMetrics
package import VectorSearch

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The time of day, as a parameter: ages and expiries are tested without waiting.
package protocol WallClock: Sendable {
    var now: Timestamp { get }
}

package struct SystemClock: WallClock {
    package init() {}

    package var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// How to open and run a store.
package struct EngineConfiguration: Sendable {
    /// The data directory; created if there is none.
    package var directory: String
    package var storage = StorageOptions()
    package var kernels: Kernels
    /// Threads that search. One of them is busy per lookup batch at most.
    package var searchThreads: Int
    package var lookupQueueLimit = Limits.lookupQueueCount
    /// How long lookups may wait before others are refused, see `QueueDelay`; nil for any time.
    package var lookupDelayLimitMilliseconds: Int?
    package var writeQueueLimit = Limits.writeQueueCount
    package var eviction = EvictionSettings()
    /// With fewer keys to collect they are written at once; see `RecentKeys`. At least 1.
    package var leastRecentKeys = Limits.leastRecentKeys
    package var watermarkLimit = Limits.watermarksPerNamespace
    /// How often everything is looked through for entries to reclaim; nil for never but on request.
    package var reclaimIntervalMilliseconds: Int? = 60_000
    package var clock: any WallClock = SystemClock()
    /// Where the times of `EngineTimings` go.
    package var metrics: any MetricsFactory = NOOPMetricsHandler.instance
    /// Draws the incarnation of a new, recovered or restored store; never 0.
    package var makeIncarnation: @Sendable () -> UInt64 = { .random(in: 1 ... .max) }
    /// The directory holds a restored backup: its watermarks are old, so it gets a new incarnation and is fenced.
    package var isRestored = false
    /// Opens for examination: walks through the whole store, throws at the first damage instead of moving it aside.
    package var isStrict = false

    package init(directory: String, kernels: Kernels) {
        self.directory = directory
        self.kernels = kernels
        searchThreads = max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))
    }
}
