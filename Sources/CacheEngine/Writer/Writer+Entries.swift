internal import CacheModel
internal import CacheStorage
internal import VectorSearch
internal import HashTreeCollections

/// Group commits of inserts, deletions and new namespaces.
extension Writer {
    /// One insertion, one deletion, or one request of another kind: what is done or refused as a whole.
    private struct Item {
        var write: Int
        /// The index of the insertion or deletion in its request.
        var part: Int?
    }

    private enum ItemOutcome {
        case insertion(InsertOutcome)
        case deletion(Result<Bool, CacheError>)
        case reply(WriteReply)
    }

    /// One transaction and the tables that it leads to.
    private struct Attempt {
        var editor: StoreEditor
        var table: WatermarkTable
        var durableTable: WatermarkTable
        var now: Timestamp
        var eviction = EvictionPass()
    }

    func commitGroup(_ writes: [PendingWrite]) {
        counters.timings.writesTaken(writes, at: .now)
        var items: [Item] = []
        for (index, write) in writes.enumerated() {
            switch write.request {
            case .insert(let batch): items += batch.insertions.indices.map { Item(write: index, part: $0) }
            // Each changes pages of its own: in a full store a large request may have to be done in several transactions.
            case .delete(_, let entries, _): items += entries.indices.map { Item(write: index, part: $0) }
            case .reclaim: break
            default: items.append(Item(write: index, part: nil))
            }
        }
        var outcomes = [ItemOutcome?](repeating: nil, count: items.count)
        if !items.isEmpty { commit(items, 0..<items.count, of: writes, &outcomes) }
        reply(to: writes, items, outcomes)
        for write in writes {
            if case .reclaim = write.request { write.reply(.reclaimed(entryCount: reclaimAll())) }
        }
    }

    /// Commits a range of items in one transaction; when the store is full, in halves, so that only what does not fit is refused.
    private func commit(
        _ items: [Item], _ range: Range<Int>, of writes: [PendingWrite], _ outcomes: inout [ItemOutcome?]
    ) {
        do {
            var attempt = try beginAttempt()
            try checkRoom(for: items[range], of: writes, attempt.editor)
            var attempted: [ItemOutcome] = []
            for item in items[range] { attempted.append(try apply(item, writes[item.write].request, &attempt)) }
            if attempt.eviction.counts.evicted > 0 { try attempt.editor.compactEmptiestBlocks() }
            try commit(attempt.editor, .entries, table: attempt.table, durableTable: attempt.durableTable)
            counters.timings.grouped(.entries, count: range.count)
            finish(attempt.eviction)
            for (index, outcome) in zip(range, attempted) { outcomes[index] = outcome }
        } catch {
            if error.code == .storageFull, range.count > 1 {
                let middle = range.lowerBound + range.count / 2
                commit(items, range.lowerBound..<middle, of: writes, &outcomes)
                commit(items, middle..<range.upperBound, of: writes, &outcomes)
                return
            }
            for index in range {
                outcomes[index] =
                    switch writes[items[index].write].request {
                    case .insert: .insertion(.refused(error))
                    case .delete: .deletion(.failure(error))
                    default: .reply(.failed(error))
                    }
            }
        }
    }

    private func beginAttempt() throws(CacheError) -> Attempt {
        let editor = try beginEditing()
        countHits()
        return Attempt(
            editor: editor, table: table, durableTable: durableTable, now: configuration.clock.now)
    }

    /// Inserts leave a reserve of the map, so that invalidations and deletions always fit.
    private func checkRoom(for items: ArraySlice<Item>, of writes: [PendingWrite], _ editor: StoreEditor) throws(CacheError) {
        var bytes = 0
        for item in items {
            guard case .insert(let batch) = writes[item.write].request, let index = item.part else { continue }
            let insertion = batch.insertions[index]
            // A page for the records, what the payload needs, and a row's share of its block.
            bytes += 4_096 + insertion.payload.count + (insertion.prompt?.utf8.count ?? 0) + (insertion.vector?.count ?? 0) * 8
        }
        if bytes > 0 { try checkRoom(bytes: bytes, editor) }
    }

    func checkRoom(bytes: Int, _ editor: StoreEditor) throws(CacheError) {
        let needed = bytes + Limits.blockBytes + Limits.mapReserveBytes
        let usage = editor.transaction.environment.usage()
        // Walking through the free list costs, so it is done only when the rest of the map alone is too small.
        if usage.mapBytes - usage.usedBytes >= needed { return }
        let available = try editor.transaction.availableBytes(oldestReader: oldestReader)
        guard available >= needed else {
            throw CacheError(
                .storageFull, "the store has reached the size of its map; delete entries or raise it",
                detail: ["limit": String(usage.mapBytes)])
        }
    }

    private func reply(to writes: [PendingWrite], _ items: [Item], _ outcomes: [ItemOutcome?]) {
        var inserted = [[InsertOutcome]](repeating: [], count: writes.count)
        var deleted = [[Bool]](repeating: [], count: writes.count)
        var replies = [WriteReply?](repeating: nil, count: writes.count)
        for (item, outcome) in zip(items, outcomes) {
            switch outcome {
            case .insertion(let outcome): inserted[item.write].append(outcome)
            case .deletion(.success(let wasThere)): deleted[item.write].append(wasThere)
            // Some may be done; to ask for all of them again does no harm.
            case .deletion(.failure(let error)): replies[item.write] = .failed(error)
            case .reply(let reply): replies[item.write] = reply
            case nil: replies[item.write] = .failed(CacheError(.internalError, "a write was not answered"))
            }
        }
        for (index, write) in writes.enumerated() {
            switch write.request {
            case .insert:
                counters.count(inserted[index])
                write.reply(.inserted(inserted[index]))
            case .delete: write.reply(replies[index] ?? .deleted(deleted[index]))
            case .reclaim: break
            default: write.reply(replies[index] ?? .failed(CacheError(.internalError, "a write was not answered")))
            }
        }
    }

    /// - Throws: only what ends the transaction; what concerns the item alone is its outcome.
    private func apply(
        _ item: Item, _ request: WriteRequest, _ attempt: inout Attempt
    ) throws(CacheError) -> ItemOutcome {
        switch request {
        case .insert(let batch):
            return .insertion(try insert(item.part ?? 0, of: batch, &attempt))
        case .delete(let namespace, let entries, let scope):
            return .deletion(.success(try delete(entries[item.part ?? 0], in: namespace, scope, attempt)))
        case .createNamespace(let name, let settings):
            return .reply(try create(name, settings, &attempt))
        default:
            return .reply(.failed(CacheError(.internalError, "a request went to the wrong queue")))
        }
    }

    // MARK: Insertions

    private func insert(
        _ index: Int, of batch: InsertBatch, _ attempt: inout Attempt
    ) throws(CacheError) -> InsertOutcome {
        let insertion = batch.insertions[index]
        let vector: UnitVector?
        let fillSequence: UInt64
        do {
            try RequestRules.check(namespace: batch.namespace, .init(model: batch.model ?? ""))
            try RequestRules.check(insertion, now: attempt.now)
            vector = try unitVector(insertion, row: index)
            try checkSettings(of: attempt.table[batch.namespace]?.record, batch, vector)
            fillSequence = try attempt.table.fillSequence(insertion.lease, namespace: batch.namespace)
            try checkFreshness(insertion, fillSequence, batch.namespace, attempt.table)
            try checkAge(insertion, batch.namespace, attempt)
        } catch {
            return .refused(error)
        }
        var replaced: EntryIdentifier?
        if let key = insertion.key, let content = attempt.table.content(batch.namespace),
            let existing = try attempt.editor.entry(content, insertion.scope, key)
        {
            if let record = try attempt.editor.record(content, existing),
                attempt.editor.view[content]?.holds(existing, row: record.row) == true
            {
                if supersedes(record, insertion, fillSequence, batch.namespace, attempt) {
                    return .refused(
                        CacheError(
                            .superseded, "an answer from newer data is stored under this key",
                            detail: ["entry": existing.description]))
                }
                try attempt.editor.removeRemembering(existing, record, from: content)
                replaced = existing
            }
        }
        guard let content = try content(for: batch, vector, &attempt) else {
            return .refused(
                CacheError(
                    .limitExceeded, "the store has no room for another namespace",
                    detail: ["limit": String(Limits.namespaceCount)]))
        }
        let entry = try store(insertion, vector, fillSequence, content, batch.namespace, &attempt)
        return .stored(entry, replaced: replaced)
    }

    private func unitVector(_ insertion: Insertion, row: Int) throws(CacheError) -> UnitVector? {
        guard let components = insertion.vector else { return nil }
        do {
            if let norm = insertion.norm { return try UnitVector(normalized: components, norm: norm) }
            return try UnitVector(components)
        } catch {
            var error = error
            error.detail["row"] = String(row)
            throw error
        }
    }

    private func checkSettings(
        of record: NamespaceRecord?, _ batch: InsertBatch, _ vector: UnitVector?
    ) throws(CacheError) {
        guard let record, record.content != nil else { return }
        if let expected = record.settings.dimension, let vector, vector.dimension != expected {
            throw CacheError(
                .dimensionMismatch, "the namespace holds vectors of another dimension",
                detail: ["expected": String(expected), "got": String(vector.dimension)])
        }
        if let model = batch.model, !model.isEmpty, !record.settings.model.isEmpty, model != record.settings.model {
            throw CacheError(
                .modelMismatch, "the namespace holds embeddings of another model",
                detail: ["expected": record.settings.model, "got": model])
        }
    }

    private func checkFreshness(
        _ insertion: Insertion, _ fillSequence: UInt64, _ namespace: String, _ table: WatermarkTable
    ) throws(CacheError) {
        if insertion.lease == nil, let unnamed = insertion.dependencies.first(where: { $0.version == .unnamed }) {
            throw Refusal.leaseRequired(unnamed.source).error
        }
        let basis = EntryBasis(
            scope: insertion.scope, dependencies: insertion.dependencies, tags: insertion.tags,
            fillSequence: fillSequence)
        if let refusal = table.refusal(of: basis, in: table[namespace]) { throw refusal.error }
    }

    /// Whether the stored entry is of newer data and still holds, so that a late fill must not take its place; nor must
    /// the copy of an entry that is older.
    private func supersedes(
        _ existing: EntryRecord, _ insertion: Insertion, _ fillSequence: UInt64, _ namespace: String, _ attempt: Attempt
    ) -> Bool {
        let isNewer =
            existing.fillSequence > fillSequence || insertion.createdAt.map { $0 < existing.createdAt } ?? false
        return isNewer && existing.expiresAt > attempt.now
            && attempt.table.refusal(of: EntryBasis(existing), in: attempt.table[namespace]) == nil
    }

    private func store(
        _ insertion: Insertion, _ vector: UnitVector?, _ fillSequence: UInt64, _ content: ContentIdentifier,
        _ namespace: String, _ attempt: inout Attempt
    ) throws(CacheError) -> EntryIdentifier {
        let createdAt = min(insertion.createdAt ?? attempt.now, attempt.now)
        let settings = attempt.table[namespace]?.record.settings ?? NamespaceSettings()
        let record = EntryRecord(
            createdAt: createdAt, expiresAt: expiry(of: insertion, createdAt: createdAt, namespace, attempt),
            fillSequence: fillSequence, costSavedNanodollars: insertion.costSavedNanodollars, scope: insertion.scope,
            key: insertion.key, row: nil, norm: vector?.norm ?? 0,
            promptBytes: insertion.prompt.map { UInt32($0.utf8.count) }, payloadBytes: UInt32(insertion.payload.count),
            contentType: insertion.contentType, dependencies: insertion.dependencies, tags: insertion.tags)
        try makeRoom(
            for: record, vector.map { BlockLayout(dimension: $0.dimension) }, in: content, namespace, settings,
            attempt.editor, now: attempt.now, &attempt.eviction)
        guard let vector else {
            return try attempt.editor.add(
                record, vector: nil, prompt: insertion.prompt, payload: insertion.payload, to: content)
        }
        let editor = attempt.editor
        return try vector.withUnsafeRow { (row) throws(CacheError) -> EntryIdentifier in
            try editor.add(
                record, vector: row, prompt: insertion.prompt, payload: insertion.payload, to: content)
        }
    }

    /// What the insertion says, or else the namespace's time to live after the creation.
    private func expiry(
        of insertion: Insertion, createdAt: Timestamp, _ namespace: String, _ attempt: Attempt
    ) -> Timestamp {
        if let expiresAt = insertion.expiresAt { return expiresAt }
        let timeToLive = attempt.table[namespace]?.record.settings.timeToLiveMilliseconds
        return timeToLive.map(createdAt.advanced(byMilliseconds:)) ?? EntryRecord.never
    }

    /// The copy of an entry may be older than anything lives here.
    private func checkAge(_ insertion: Insertion, _ namespace: String, _ attempt: Attempt) throws(CacheError) {
        guard let createdAt = insertion.createdAt,
            expiry(of: insertion, createdAt: createdAt, namespace, attempt) <= attempt.now
        else { return }
        throw CacheError(
            .invalidArgument, "the entry is older than entries of the namespace live", detail: ["field": "created-at"])
    }

    // MARK: Deletions

    /// - Returns: whether there was such an entry.
    private func delete(
        _ entry: EntryIdentifier, in namespace: String, _ scope: Scope?, _ attempt: Attempt
    ) throws(CacheError) -> Bool {
        guard let content = attempt.table.content(namespace), let record = try attempt.editor.record(content, entry),
            attempt.editor.view[content]?.holds(entry, row: record.row) == true,
            scope == nil || scope == record.scope
        else { return false }
        try attempt.editor.remove(entry, record, from: content)
        return true
    }

    // MARK: Namespaces

    private func create(
        _ name: String, _ settings: NamespaceSettings, _ attempt: inout Attempt
    ) throws(CacheError) -> WriteReply {
        do { try RequestRules.check(namespace: name, settings) } catch { return .failed(error) }
        if let namespace = attempt.table[name], namespace.record.content != nil {
            guard namespace.record.settings.agrees(with: settings) else {
                return .failed(
                    CacheError(.namespaceConflict, "the namespace exists with other settings", detail: ["namespace": name]))
            }
            return .created(namespace.description(attempt.editor.view))
        }
        guard try createNamespace(name, settings, &attempt) != nil, let namespace = attempt.table[name] else {
            return .failed(
                CacheError(
                    .limitExceeded, "the store has no room for another namespace",
                    detail: ["limit": String(Limits.namespaceCount)]))
        }
        return .created(namespace.description(attempt.editor.view))
    }

    /// The content to insert into: of the namespace as it is, with its dimension set by the first vector, or of a new one.
    private func content(
        for batch: InsertBatch, _ vector: UnitVector?, _ attempt: inout Attempt
    ) throws(CacheError) -> ContentIdentifier? {
        guard let identifier = attempt.table.identifiers[Name(batch.namespace)],
            let record = attempt.table[identifier]?.record, let content = record.content
        else {
            let settings = NamespaceSettings(dimension: vector?.dimension, model: batch.model ?? "")
            return try createNamespace(batch.namespace, settings, &attempt)
        }
        if let vector, record.settings.dimension == nil {
            attempt.editor.setDimension(vector.dimension, of: content)
            try change(identifier, &attempt) { $0.settings.dimension = vector.dimension }
        }
        if let model = batch.model, !model.isEmpty, record.settings.model.isEmpty {
            try change(identifier, &attempt) { $0.settings.model = model }
        }
        return content
    }

    private func createNamespace(
        _ name: String, _ settings: NamespaceSettings, _ attempt: inout Attempt
    ) throws(CacheError) -> ContentIdentifier? {
        guard let identifier = attempt.table.identify(name) else { return nil }
        let content = try attempt.editor.createContent(dimension: settings.dimension)
        if configuration.eviction.limits(name, settings) {
            ledger.track(content, hasLimit: configuration.eviction.limitsNamespace(name, settings))
        }
        try change(identifier, &attempt) { record in
            record.content = content
            record.settings = settings
        }
        return content
    }

    /// Changes a namespace's record in memory and on the disk alike. The floors on the disk stay those that are durable.
    private func change(
        _ identifier: NamespaceIdentifier, _ attempt: inout Attempt, _ body: (inout NamespaceRecord) -> Void
    ) throws(CacheError) {
        guard var namespace = attempt.table[identifier] else { return }
        let name = namespace.record.name
        body(&namespace.record)
        attempt.table[identifier] = namespace
        var durable =
            attempt.durableTable[identifier]
            ?? NamespaceWatermarks(record: NamespaceRecord(name: name, content: nil, settings: NamespaceSettings()))
        body(&durable.record)
        attempt.durableTable[identifier] = durable
        try attempt.editor.transaction.put(
            .namespaces, StorageKey.namespace(identifier), durable.record.encoded(identifier))
    }
}
