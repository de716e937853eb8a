internal import CacheModel
internal import CacheStorage
internal import VectorSearch
internal import HashTreeCollections

/// Says of a row, in the middle of a search, whether it may be a hit: scope, life, expiry, age, freshness, integrity.
struct RowJudge {
    let content: ContentIdentifier
    let index: NamespaceIndex
    let snapshot: Snapshot
    let state: PublishedState.State
    let namespace: PublishedNamespace
    let now: Timestamp
    let damaged: Set<EntryIdentifier>
    let counters: EngineCounters

    /// What is the same for all rows of one search.
    struct Terms {
        /// The scope's number; nil when the scope has no rows.
        var scopeNumber: UInt32?
        var oldest: Int64
        /// What the lease of every entry of the scope must have reached.
        var scopeFloor: UInt64
    }

    func terms(_ search: VectorSearches.Search) -> Terms {
        Terms(
            scopeNumber: search.rows?.number, oldest: search.oldest?.milliseconds ?? .min,
            scopeFloor: max(
                namespace.watermarks.record.floors.scopes, namespace.watermarks.scopes[search.scope] ?? 0))
    }

    /// Whether the record of an entry must be read to know if it is servable; without any news there is nothing to compare.
    private var dependenciesMatter: Bool {
        state.table.isFenced || namespace.watermarks.record.floors.sources > 0 || !namespace.watermarks.sources.isEmpty
    }

    private var tagsMatter: Bool {
        state.table.lossSequence > 0 || namespace.watermarks.record.floors.tags > 0
            || !namespace.watermarks.tags.isEmpty
    }

    func verdict(_ row: UInt32, _ terms: Terms) -> RowVerdict {
        guard let layout = index.layout else { return .ignore }
        let slot = Int(row) % layout.rowsPerBlock
        guard let block = index[row / UInt32(layout.rowsPerBlock)], slot < block.count, block.isLive(slot) else { return .ignore }
        let metadata = block.metadata[slot]
        guard metadata.scope == terms.scopeNumber else { return .ignore }
        if metadata.expiresAt <= now.milliseconds || metadata.createdAt < terms.oldest { return exclude(.expired) }
        if metadata.fillSequence < terms.scopeFloor { return exclude(.stale) }
        let entry = EntryIdentifier(metadata.entry)
        if (metadata.hasDependencies && dependenciesMatter) || (metadata.hasTags && tagsMatter) {
            guard let record = record(entry) else { return .ignore }
            if let refusal = state.table.refusal(of: EntryBasis(record), in: namespace.watermarks) {
                return exclude(refusal.missReason)
            }
        }
        guard !damaged.contains(entry), let rows = block.rows, layout.isIntact(rows: rows, slot: slot, entry: entry) else {
            counters.damaged.add(1)
            return .ignore
        }
        return .accept(order: metadata.entry)
    }

    /// Nil for a damaged record, as if there were none.
    func record(_ entry: EntryIdentifier) -> EntryRecord? {
        do { return try snapshot.record(content, entry) } catch {
            counters.damaged.add(1)
            return nil
        }
    }

    private func exclude(_ reason: Miss.Reason) -> RowVerdict { .exclude(reason: reason.rawValue) }
}
