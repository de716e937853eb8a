package import CacheModel
package import CacheStorage
internal import HashTreeCollections
internal import VectorSearch

/// The state of an engine and what it has done since it was opened.
package struct EngineStatistics: Sendable {
    package var position: Position
    package var isFenced: Bool
    package var namespaceCount = 0
    package var entryCount = 0
    package var rowCount = 0
    /// Rows that searches find through an index, those removed since it was built included, and its memory.
    package var indexedRowCount = 0
    package var indexBytes = 0
    /// Search indexes that wait to be built, or are being built.
    package var indexBuildsPending: Int
    package var watermarkCount = 0
    /// What the entries take that a limit applies to, as limits in bytes count it; and the store's own limits, if it has any.
    package var limitedBytes: Int
    package var entryLimit: Int?
    package var byteLimit: Int?
    package var mapBytes: Int
    /// Bytes of the file that were ever used; freed ones are used again.
    package var usedBytes: Int
    /// Whether there is a snapshot, and since when lookups see it: since the last commit, or since the store was opened.
    package var isServing: Bool
    package var snapshotAgeMilliseconds: Int
    package var lookupsWaiting: Int
    package var writesWaiting: Int
    package var kernel: String
    package var durability: Durability
    /// Counters by the name that documents and `--json` use.
    package var counts: [(name: String, value: Int)]

    init(
        state: PublishedState.State, usage: StorageUsage?, counters: EngineCounters, lookupsWaiting: Int,
        writesWaiting: Int, buildsPending: Int, kernel: String, durability: Durability, eviction: EvictionSettings
    ) {
        position = state.table.position
        isFenced = state.table.isFenced
        for (_, namespace) in state.table.namespaces {
            watermarkCount += namespace.count
            guard let content = namespace.record.content else { continue }
            namespaceCount += 1
            entryCount += state.snapshot?.view[content]?.entryCount ?? 0
            rowCount += state.snapshot?.view[content]?.rowCount ?? 0
            guard let index = state.snapshot?.view[content]?.current?.index else { continue }
            indexedRowCount += index.rowCount
            indexBytes += index.byteCount + index.partition.byteCount
        }
        indexBuildsPending = buildsPending
        mapBytes = usage?.mapBytes ?? 0
        usedBytes = usage?.usedBytes ?? 0
        isServing = state.snapshot != nil
        snapshotAgeMilliseconds = Int(state.snapshot?.ageNanoseconds ?? 0) / 1_000_000
        limitedBytes = counters.trackedBytes.current
        entryLimit = eviction.entryLimit
        byteLimit = eviction.byteLimit
        self.lookupsWaiting = lookupsWaiting
        self.writesWaiting = writesWaiting
        self.kernel = kernel
        self.durability = durability
        counts = [
            ("hitsByKey", counters.keyHits.current), ("hitsByVector", counters.vectorHits.current),
            ("missesNothingStored", counters.missesNothingStored.current),
            ("missesBelowThreshold", counters.missesBelowThreshold.current),
            ("missesStale", counters.missesStale.current), ("missesExpired", counters.missesExpired.current),
            ("missesFenced", counters.missesFenced.current), ("lookupsRefused", counters.refusedLookups.current),
            ("inserts", counters.inserted.current), ("insertsRefused", counters.refusedInserts.current),
            ("insertsStale", counters.staleInserts.current), ("invalidations", counters.invalidations.current),
            ("purges", counters.purges.current), ("evictions", counters.evicted.current),
            ("evictionsStale", counters.evictedStale.current), ("evictionsExpired", counters.evictedExpired.current),
            ("evictionsValue", counters.evictedLowest.current), ("evictedBytes", counters.evictedBytes.current),
            ("reclaimed", counters.reclaimed.current), ("damagedRecords", counters.damaged.current),
            ("overloaded", counters.overloaded.current), ("indexBuilds", counters.indexBuilds.current),
            ("indexRepacks", counters.indexRepacks.current),
            ("indexBuildsFailed", counters.failedIndexBuilds.current), ("searches", counters.searches.current),
            ("searchNanoseconds", counters.searchNanoseconds.current),
        ]
    }
}
