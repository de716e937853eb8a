internal import CacheModel
internal import CacheStorage
internal import HashTreeCollections

/// How many entries a purge takes.
extension Writer {
    /// Entries of the scope or the tag that an earlier purge, or a fold, has not taken already. Damaged ones do not count.
    ///
    /// - Parameter sequence: what the lease of an entry has reached that is still there.
    func entryCount(
        _ purge: Purge, _ content: ContentIdentifier?, filledFrom sequence: UInt64
    ) throws(CacheError) -> Int {
        guard let content, let index = view[content], let transaction = try environment?.beginRead() else { return 0 }
        switch purge {
        case .tag(let tag):
            return try entryCount(tag: tag, content, index, transaction, filledFrom: sequence)
        case .scope(let scope):
            guard let known = index.scopes[scope] else { return 0 }
            let count = rowCount(known.rows, index, filledFrom: sequence)
            // Entries without a vector are found by their key.
            guard known.entryCount > known.rows.count else { return count }
            return try count + keyedEntryCount(scope, content, transaction, filledFrom: sequence)
        }
    }

    private func entryCount(
        tag: String, _ content: ContentIdentifier, _ index: NamespaceIndex, _ transaction: ReadTransaction, filledFrom sequence: UInt64
    ) throws(CacheError) -> Int {
        let prefix = StorageKey.entries(content, tag: tag)
        var count = 0
        try transaction.forEach(.tags, prefix: prefix) { (key, _) throws(CacheError) -> Bool in
            if let number: UInt64 = StorageKey.number(in: key, at: prefix.count),
                let record = try record(EntryIdentifier(number), content, transaction), record.fillSequence >= sequence,
                index.holds(EntryIdentifier(number), row: record.row)
            {
                count += 1
            }
            return true
        }
        return count
    }

    private func rowCount(_ rows: RowSet, _ index: NamespaceIndex, filledFrom sequence: UInt64) -> Int {
        guard let layout = index.layout else { return 0 }
        let perBlock = UInt32(layout.rowsPerBlock)
        var count = 0
        rows.forEach { row in
            guard let block = index[row / perBlock] else { return }
            if block.metadata[Int(row % perBlock)].fillSequence >= sequence { count += 1 }
        }
        return count
    }

    private func keyedEntryCount(
        _ scope: Scope, _ content: ContentIdentifier, _ transaction: ReadTransaction, filledFrom sequence: UInt64
    ) throws(CacheError) -> Int {
        var count = 0
        try transaction.forEach(.keys, prefix: StorageKey.keysOfScope(content, scope)) {
            (key, value) throws(CacheError) -> Bool in
            guard var reader = try? RecordReader(sealed: value, seed: Checksum.of(Array(key))),
                let number = try? reader.read(UInt64.self),
                let record = try record(EntryIdentifier(number), content, transaction)
            else { return true }
            if record.row == nil, record.fillSequence >= sequence { count += 1 }
            return true
        }
        return count
    }

    private func record(
        _ entry: EntryIdentifier, _ content: ContentIdentifier, _ transaction: ReadTransaction
    ) throws(CacheError) -> EntryRecord? {
        guard let value = try transaction.value(.entries, StorageKey.entry(content, entry)) else { return nil }
        return try? EntryRecord(decoding: value, entry)
    }
}
