internal import CacheModel
internal import CacheStorage
internal import HashTreeCollections

/// What a group commit evicts, or has to find out before it does.
struct EvictionPass {
    /// Entries that it may still evict.
    var evictionsLeft = Limits.evictionsPerGroup
    /// Where the background pass goes on, if this commit has gone on with it.
    var reclaimed: (count: Int, next: [UInt8]?)?
    var counts = Counts()

    struct Counts {
        var evicted = 0
        var evictedExpired = 0
        var evictedBytes = 0

        mutating func add(_ victim: Victim) {
            evicted += 1
            evictedExpired += victim.isExpired ? 1 : 0
            evictedBytes += Int(victim.usage.bytes)
        }
    }
}

/// Making room: what does not hold any more goes first, then what is expired, then what stands lowest in the order.
extension Writer {
    /// Takes over which entries were asked for since it was last called.
    func countHits() {
        for entry in hits.take() { ledger.hit(entry) }
    }

    /// Makes room for an entry in its namespace and in the store. Entries that the same commit has added stay, whatever the limits.
    func makeRoom(
        for record: EntryRecord, _ layout: BlockLayout?, in content: ContentIdentifier, _ namespace: String,
        _ settings: NamespaceSettings, _ editor: StoreEditor, now: Timestamp, _ pass: inout EvictionPass
    ) throws(CacheError) {
        let limits = configuration.eviction
        guard limits.limits(namespace, settings) else { return }
        let namespaceByteLimit = limits.namespaceByteLimits.isEmpty ? nil : limits.namespaceByteLimits[Name(namespace)]
        var bytes = 0
        if limits.byteLimit != nil || namespaceByteLimit != nil {
            bytes = EntryFootprint.bytes(
                recordBytes: record.encoded(EntryIdentifier(0)).count,
                payloadBytes: Int(record.payloadBytes) + Int(record.promptBytes ?? 0), hasKey: record.key != nil,
                layout: layout)
        }
        guard excess(bytes, content, settings, namespaceByteLimit) != nil else { return }
        if pass.reclaimed == nil, reclaimer.mayFindStale {
            pass.reclaimed = try reclaimEntries(
                from: reclaimer.next ?? [], editor, limit: Limits.staleScanEntries)
        }
        while pass.evictionsLeft > 0, let excess = excess(bytes, content, settings, namespaceByteLimit) {
            let victims = ledger.victims(
                in: excess.content, excess.unit, room: excess.room, countLimit: pass.evictionsLeft, now: now)
            if victims.isEmpty { return }
            try editor.evict(victims)
            pass.evictionsLeft -= victims.count
            for victim in victims { pass.counts.add(victim) }
        }
    }

    /// The first limit that an entry of so many bytes does not fit into.
    private func excess(
        _ bytes: Int, _ content: ContentIdentifier, _ settings: NamespaceSettings, _ namespaceByteLimit: Int?
    ) -> (content: ContentIdentifier?, unit: EvictionUnit, room: EvictionRoom)? {
        let limits = configuration.eviction
        for (limit, owner, unit) in [
            (settings.capacity, content, EvictionUnit.entries), (namespaceByteLimit, content, .bytes),
            (limits.entryLimit, nil, .entries), (limits.byteLimit, nil, .bytes),
        ] as [(Int?, ContentIdentifier?, EvictionUnit)] {
            guard let limit else { continue }
            let totals = owner.map { ledger.totals(of: $0) } ?? ledger.totals
            let room: EvictionRoom? =
                switch unit {
                case .entries: EvictionRoom(held: totals.entryCount, adding: 1, limit: limit, perEntry: 1)
                case .bytes:
                    EvictionRoom(
                        held: totals.byteCount, adding: bytes, limit: limit,
                        perEntry: totals.byteCount / max(1, totals.entryCount))
                }
            if let room { return (owner, unit, room) }
        }
        return nil
    }

    /// After the commit of what a pass has done.
    func finish(_ pass: EvictionPass) {
        counters.evicted.add(pass.counts.evicted)
        counters.evictedExpired.add(pass.counts.evictedExpired)
        counters.evictedLowest.add(pass.counts.evicted - pass.counts.evictedExpired)
        counters.evictedStale.add(pass.reclaimed?.count ?? 0)
        counters.evictedBytes.add(pass.counts.evictedBytes)
        if let reclaimed = pass.reclaimed { reclaimer.goOn(from: reclaimed.next) }
    }
}
