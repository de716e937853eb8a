internal import CacheModel
internal import CacheStorage
internal import HashTreeCollections

/// Where the background pass through the store stands.
struct ReclaimCursor {
    /// A pass begins as soon as there is nothing else to do.
    var isDue = false
    /// The key to go on from; nil between two passes.
    var next: [UInt8]?
    /// All entries have been looked at, and sparse blocks are left.
    var isCompacting = false
    /// Entries that a step looks at; fewer after a step that the full store had no room for.
    var stepEntries = Limits.reclaimStepEntries
    var reclaimedCount = 0
    /// Whether somebody waits for the pass, which leaves nothing then.
    var isRequested = false
    /// When the last step was made.
    var lastStep = ContinuousClock.now

    private var isUnderWay: Bool { next != nil || isCompacting || isDue }

    /// Whether there may be entries that do not hold any more and that no pass has looked at yet.
    var mayFindStale: Bool { isDue || (next != nil && !isCompacting) }

    /// A commit has gone on with the pass, up to this key; nil for its end, after which sparse blocks are left.
    mutating func goOn(from key: [UInt8]?) {
        isDue = isDue && next != nil
        next = key
        isCompacting = key == nil
    }

    /// How long the writer waits for work before the next step.
    func waitMilliseconds(_ configuration: EngineConfiguration) -> Int? {
        guard let interval = configuration.reclaimIntervalMilliseconds else { return nil }
        // Steps leave the writer idle most of the time: an insert hardly ever waits for one.
        return isUnderWay ? 5 : interval
    }

    /// Whether a step is due although the writer has not been idle: stale rows must not pile up under a steady load.
    func isOverdue(_ configuration: EngineConfiguration) -> Bool {
        guard let interval = configuration.reclaimIntervalMilliseconds else { return false }
        return lastStep.duration(to: .now) >= .milliseconds(isUnderWay ? 20 : interval)
    }
}

/// Expired and stale entries, what dropped namespaces left, and sparse blocks, in bounded steps between other writes.
extension Writer {
    /// A whole pass, on request. Invalidations still go ahead of every step.
    func reclaimAll() -> Int {
        reclaimer = ReclaimCursor()
        reclaimer.isRequested = true
        defer { reclaimer.isRequested = false }
        repeat {
            if case .invalidations(let writes) = queue.nextInvalidations() { commitInvalidations(writes) }
        } while reclaimStep()
        return reclaimer.reclaimedCount
    }

    /// One step of the pass.
    ///
    /// - Returns: false at the end of the pass.
    @discardableResult
    func reclaimStep() -> Bool {
        reclaimer.isDue = false
        defer { reclaimer.lastStep = .now }
        do {
            // A backup that was killed must not keep its pages for ever.
            if reclaimer.next == nil { try? environment?.forgetDeadReaders() }
            let editor = try beginEditing()
            var count = try reclaimObsoleteGeneration(editor)
            if count == 0 { count = try reclaimGarbage(editor) }
            var next: [UInt8]?
            var isCompacting = reclaimer.isCompacting
            if count > 0 {
                next = reclaimer.next ?? []
            } else {
                if !isCompacting { (count, next) = try reclaimEntries(
                        from: reclaimer.next ?? [], editor, limit: reclaimer.stepEntries) }
                if next == nil {
                    let compacted = try compactBlocks(editor)
                    count += compacted
                    isCompacting = compacted == compactedBlocksPerStep
                }
            }
            if count > 0 { try commit(editor, .entries, table: table, durableTable: durableTable) }
            reclaimer.next = next
            reclaimer.isCompacting = isCompacting
            let isOver = next == nil && !isCompacting
            if isOver { reclaimer.stepEntries = Limits.reclaimStepEntries }
            return !isOver
        } catch {
            // Pages that a transaction changes are copied first, and a full store has room for few copies.
            if error.code == .storageFull, reclaimer.stepEntries > 8 {
                reclaimer.stepEntries /= 4
                reclaimer.next = reclaimer.next ?? (reclaimer.isCompacting ? nil : [])
                return true
            }
            // What could not be reclaimed now is found again by the next pass.
            reclaimer.next = nil
            reclaimer.isCompacting = false
            reclaimer.stepEntries = Limits.reclaimStepEntries
            return false
        }
    }

    /// Records of dropped namespaces.
    ///
    /// - Returns: how many records went; 0 when there is no garbage left.
    private func reclaimGarbage(_ editor: StoreEditor) throws(CacheError) -> Int {
        var garbage: [UInt8]?
        try editor.transaction.forEach(.garbage) { (key, _) throws(CacheError) -> Bool in
            garbage = Array(key)
            return false
        }
        guard let garbage, let number: UInt32 = garbage.withUnsafeBytes({ StorageKey.number(in: $0, at: 0) }) else { return 0 }
        let content = ContentIdentifier(number)
        var count = 0
        for entry in try entries(from: garbage, editor, limit: reclaimer.stepEntries) where entry.content == content {
            count += 1
            guard let record = entry.record else {
                try editor.removeDamaged(entry.identifier, from: content)
                continue
            }
            try editor.removeRecords(entry.identifier, record, from: content)
        }
        reclaimer.reclaimedCount += count
        if count > 0 { return count }
        // Keys, tags, payloads and blocks that no entry leads to any more, then the name of the garbage itself.
        for table in [Table.sketches, .partitions, .blocks, .evicted, .keys, .tags, .payloads, .rowPayloads] {
            var keys: [[UInt8]] = []
            try editor.transaction.forEach(table, prefix: garbage) { (key, _) throws(CacheError) -> Bool in
                keys.append(Array(key))
                return keys.count < reclaimer.stepEntries
            }
            for key in keys { try editor.transaction.delete(table, key) }
            count += keys.count
        }
        if count == 0 {
            try editor.transaction.delete(.garbage, garbage)
            count = 1
        }
        return count
    }

    /// Sketches of a generation that is no more.
    ///
    /// - Returns: how many records went; 0 when there is no such generation left.
    private func reclaimObsoleteGeneration(_ editor: StoreEditor) throws(CacheError) -> Int {
        guard let generation = obsolete.last else { return 0 }
        let prefix = StorageKey.partition(generation.content, generation.number)
        var keys: [[UInt8]] = []
        try editor.transaction.forEach(.sketches, prefix: prefix) { (key, _) throws(CacheError) -> Bool in
            keys.append(Array(key))
            return keys.count < reclaimer.stepEntries
        }
        for key in keys { try editor.transaction.delete(.sketches, key) }
        if keys.count < reclaimer.stepEntries {
            try editor.transaction.delete(.partitions, prefix)
            // Should this commit fail, the next start finds what is left.
            obsolete.removeLast()
        }
        return max(1, keys.count)
    }

    private struct ListedEntry {
        var key: [UInt8]
        var content: ContentIdentifier
        var identifier: EntryIdentifier
        /// Nil for a damaged record.
        var record: EntryRecord?
    }

    private func entries(from start: [UInt8], _ editor: StoreEditor, limit: Int) throws(CacheError) -> [ListedEntry] {
        var listed: [ListedEntry] = []
        try editor.transaction.forEach(.entries, from: start) { (key, value) throws(CacheError) -> Bool in
            guard let content: UInt32 = StorageKey.number(in: key, at: 0),
                let number: UInt64 = StorageKey.number(in: key, at: 4)
            else { return true }
            let identifier = EntryIdentifier(number)
            listed.append(
                ListedEntry(
                    key: Array(key), content: ContentIdentifier(content), identifier: identifier,
                    record: try? EntryRecord(decoding: value, identifier)))
            return listed.count < limit
        }
        return listed
    }

    func reclaimEntries(
        from start: [UInt8], _ editor: StoreEditor, limit: Int
    ) throws(CacheError) -> (count: Int, next: [UInt8]?) {
        let listed = try entries(from: start, editor, limit: limit)
        let now = configuration.clock.now
        var owners: [ContentIdentifier: NamespaceWatermarks] = [:]
        for (_, namespace) in table.namespaces {
            if let content = namespace.record.content { owners[content] = namespace }
        }
        var count = 0
        for entry in listed {
            guard let record = entry.record else {
                try editor.removeDamaged(entry.identifier, from: entry.content)
                counters.damaged.add(1)
                count += 1
                continue
            }
            // What remains of an evicted entry goes with its block.
            guard editor.view[entry.content]?.holds(entry.identifier, row: record.row) == true else { continue }
            guard record.expiresAt <= now || isStale(record, owners[entry.content]) else { continue }
            try editor.remove(entry.identifier, record, from: entry.content)
            count += 1
        }
        reclaimer.reclaimedCount += count
        counters.reclaimed.add(count)
        guard listed.count == limit, let last = listed.last else { return (count, nil) }
        // The next key after the last one.
        return (count, last.key + [0])
    }

    /// Fenced entries stay: an announcement may make them servable again.
    private func isStale(_ record: EntryRecord, _ namespace: NamespaceWatermarks?) -> Bool {
        switch table.refusal(of: EntryBasis(record), in: namespace) {
        case nil, .fenced: false
        case .staleDependency, .leaseRequired, .kindMismatch: true
        }
    }

    private var compactedBlocksPerStep: Int { max(1, reclaimer.stepEntries / 32) }

    /// Blocks of which more than half are dead rows. Where commits evict, they choose which blocks are worth it.
    private func compactBlocks(_ editor: StoreEditor) throws(CacheError) -> Int {
        let limit = compactedBlocksPerStep
        var sparse: [(ContentIdentifier, UInt32)] = []
        for (content, index) in view.contents where reclaimer.isRequested || !emptiestBlocks.isInUse(content) {
            index.forEachBlock { number, block in
                if sparse.count < limit, !index.isOpen(number), block.isSparse {
                    sparse.append((content, number))
                }
            }
        }
        for (content, number) in sparse { try editor.compact(number, of: content) }
        return sparse.count
    }
}
