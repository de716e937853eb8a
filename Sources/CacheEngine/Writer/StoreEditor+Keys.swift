package import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// Which entry has a key.
extension StoreEditor {
    /// Nil also for a damaged record.
    package func entry(
        _ content: ContentIdentifier, _ scope: Scope, _ exactKey: ExactKey
    ) throws(CacheError) -> EntryIdentifier? {
        if let entry = view[content]?.recentKeys[RecentKeys.Name(scope, exactKey)] { return entry }
        return try entry(under: StorageKey.exactKey(content, scope, exactKey))
    }

    private func entry(under key: [UInt8]) throws(CacheError) -> EntryIdentifier? {
        try transaction.value(.keys, key).flatMap { Self.entry(in: $0, under: key) }
    }

    private static func entry(in value: UnsafeRawBufferPointer, under key: [UInt8]) -> EntryIdentifier? {
        guard var reader = try? RecordReader(sealed: value, seed: Checksum.of(key)) else { return nil }
        return (try? reader.read()).map(EntryIdentifier.init)
    }

    /// Lets a key lead to an entry. Those of entries with a row wait for others on the same page, where there are many.
    func setKey(
        _ exactKey: ExactKey, of entry: EntryIdentifier, _ record: EntryRecord, in content: ContentIdentifier
    ) throws(CacheError) {
        let name = RecentKeys.Name(record.scope, exactKey)
        if record.row != nil, recentKeyLimit(content) > 0 {
            if view[content]?.recentKeys.mergedUpTo == nil { unwrittenKeyMarks.insert(content) }
            view[content]?.recentKeys.add(name, entry)
            keyChanges[content, default: 0] += 1
            return
        }
        if let known = view[content]?.recentKeys[name] { view[content]?.recentKeys.remove(name, of: known) }
        try putKey(StorageKey.exactKey(content, record.scope, exactKey), entry)
    }

    private func putKey(_ key: [UInt8], _ entry: EntryIdentifier) throws(CacheError) {
        var writer = RecordWriter(capacity: 16)
        writer.append(entry.number)
        try transaction.put(.keys, key, writer.sealed(seed: Checksum.of(key)))
    }

    /// Removes a key unless it leads to another entry by now. What cannot be read goes, too.
    func removeKey(
        _ exactKey: ExactKey, of entry: EntryIdentifier, _ record: EntryRecord, in content: ContentIdentifier
    ) throws(CacheError) {
        view[content]?.recentKeys.remove(RecentKeys.Name(record.scope, exactKey), of: entry)
        let key = StorageKey.exactKey(content, record.scope, exactKey)
        if try self.entry(under: key) ?? entry == entry { try transaction.delete(.keys, key) }
    }

    /// The key of an entry that is gone for good, and leads nowhere.
    func leaveKey(
        _ exactKey: ExactKey, of entry: EntryIdentifier, _ record: EntryRecord, in content: ContentIdentifier
    ) throws(CacheError) {
        guard recentKeyLimit(content) > 0 else {
            leftKeys.append((StorageKey.exactKey(content, record.scope, exactKey), entry))
            return
        }
        let name = RecentKeys.Name(record.scope, exactKey)
        view[content]?.recentKeys.remove(name, of: entry)
        view[content]?.recentKeys.removeLater(name, of: entry)
        keyChanges[content, default: 0] += 1
    }

    /// A quarter of the entries, so that several keys share a page of the table; none where that is not worth it.
    private func recentKeyLimit(_ content: ContentIdentifier) -> Int {
        let limit = min(Limits.recentKeys, (view[content]?.entryCount ?? 0) / 4)
        return limit >= leastRecentKeys ? limit : 0
    }

    /// Deletes the keys that lead nowhere, and goes on with what waits for its turn.
    func finishKeys() throws(CacheError) {
        leftKeys.sort { $0.key.lexicographicallyPrecedes($1.key) }
        for (key, entry) in leftKeys where try self.entry(under: key) ?? entry == entry {
            try transaction.delete(.keys, key)
        }
        leftKeys = []
        for (content, count) in keyChanges { try mergeKeys(of: content, changes: count) }
        keyChanges = [:]
        for content in unwrittenKeyMarks {
            guard let number = view[content]?.recentKeys.mergedUpTo else { continue }
            let key = StorageKey.mergedKeys(content)
            var writer = RecordWriter(capacity: 16)
            writer.append(number)
            try transaction.put(.store, key, writer.sealed(seed: Checksum.of(key)))
        }
        unwrittenKeyMarks = []
    }

    /// As many changes to the table as have come, or a few more: so a round is over before the next one is due.
    private func mergeKeys(of content: ContentIdentifier, changes count: Int) throws(CacheError) {
        guard var recent = view[content]?.recentKeys else { return }
        // It must be the only one that has the collections, or each change copies from them.
        view[content]?.recentKeys = RecentKeys()
        let mark = recent.mergedUpTo
        let sweeps = recent.mayMissRemovals
        var previous = recent.reached
        let changes = recent.take(count + count / 4, limit: recentKeyLimit(content), nextEntry: store.nextEntry)
        if recent.mergedUpTo != mark { unwrittenKeyMarks.insert(content) }
        for change in changes {
            if sweeps { try sweep(from: previous, to: change.name, of: content) }
            previous = change.name
            let key = StorageKey.exactKey(content, change.name.scope, change.name.key)
            let entry = EntryIdentifier(change.entry)
            if change.isRemoval {
                if try self.entry(under: key) ?? entry == entry { try transaction.delete(.keys, key) }
            } else if recent.remove(change.name, of: entry) {
                try putKey(key, entry)
            }
        }
        view[content]?.recentKeys = recent
    }

    /// Deletes keys between two others that lead to no record: what was to be removed when the service ended is not known any more.
    private func sweep(
        from first: RecentKeys.Name, to last: RecentKeys.Name, of content: ContentIdentifier
    ) throws(CacheError) {
        let end = StorageKey.exactKey(content, last.scope, last.key)
        var looked = 0
        var leadNowhere: [[UInt8]] = []
        try transaction.forEach(.keys, from: StorageKey.exactKey(content, first.scope, first.key)) {
            (key, value) throws(CacheError) -> Bool in
            let bytes = Array(key)
            guard bytes.lexicographicallyPrecedes(end), looked < Limits.keysSweptPerChange else { return false }
            looked += 1
            if let entry = Self.entry(in: value, under: bytes),
                try transaction.value(.entries, StorageKey.entry(content, entry)) == nil
            {
                leadNowhere.append(bytes)
            }
            return true
        }
        for key in leadNowhere { try transaction.delete(.keys, key) }
    }
}
