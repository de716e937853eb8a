internal import CacheModel
internal import CacheStorage

/// What a start found to be damaged in a store that is whole otherwise. It is taken out at once, before anything is written,
/// so that a damaged entry can neither be counted nor claim the place of another one.
struct DamagedParts {
    /// Entries whose record cannot be read, or whose row no block has.
    var entries: [(content: ContentIdentifier, entry: EntryIdentifier)] = []
    /// Blocks whose header is not theirs.
    var blocks: [(content: ContentIdentifier, number: UInt32)] = []

    /// Removes everything, in bounded steps. In a full store it stays until the next start; it is not in the view in any case.
    func remove(
        from environment: StorageEnvironment, _ view: StoreView, _ store: StoreRecord, _ sketchers: RowSketchers
    ) throws(CacheError) {
        do {
            for start in stride(from: 0, to: entries.count, by: Limits.reclaimStepEntries) {
                let editor = StoreEditor(
                    transaction: try environment.beginWrite(), view: view, store: store, sketchers: sketchers)
                for (content, entry) in entries[start..<min(start + Limits.reclaimStepEntries, entries.count)] {
                    if let record = try editor.record(content, entry) {
                        try editor.removeRecords(entry, record, from: content)
                    } else {
                        try editor.removeDamaged(entry, from: content)
                    }
                }
                try editor.transaction.commit(.entries)
            }
            guard !blocks.isEmpty else { return }
            // After the entries: a block whose number is free again must not be claimed by any of them.
            let transaction = try environment.beginWrite()
            for (content, number) in blocks {
                try transaction.delete(.blocks, StorageKey.block(content, number))
                try transaction.delete(.evicted, StorageKey.block(content, number))
            }
            try transaction.commit(.entries)
        } catch {
            guard error.code == .storageFull else { throw error }
        }
    }
}
