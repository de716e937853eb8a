internal import CacheModel
internal import CacheStorage

/// Payloads: where they lie, and how they go with the rows of their entries.
extension StoreEditor {
    /// - Parameter withBlock: whether `removePayloads(of:_:)` takes what lies with the row.
    func removePayload(
        _ record: EntryRecord, of entry: EntryIdentifier, from content: ContentIdentifier, withBlock: Bool = false
    ) throws(CacheError) {
        let place = PayloadPlace(record, content, entry)
        if place.table == .rowPayloads {
            guard try payload(at: place) != nil else {
                // Of an entry of a store of an earlier format, which has not moved since.
                try transaction.delete(.payloads, StorageKey.entry(content, entry))
                return
            }
            if withBlock { return }
        }
        try transaction.delete(place.table, place.key)
    }

    /// Removes the payloads that lie with the rows of a block: those of entries that have moved as well.
    func removePayloads(of block: BlockName, _ layout: BlockLayout) throws(CacheError) {
        let first = block.number * UInt32(layout.rowsPerBlock)
        try transaction.delete(
            .rowPayloads, from: StorageKey.row(block.content, first),
            through: StorageKey.row(block.content, first + UInt32(layout.rowsPerBlock - 1)))
    }

    /// Takes a payload along with its entry's row. The old one goes with the block that the row has left.
    func movePayload(
        of entry: EntryIdentifier, from old: EntryRecord, to new: EntryRecord, in content: ContentIdentifier
    ) throws(CacheError) {
        let place = PayloadPlace(new, content, entry)
        guard place.table == .rowPayloads else { return }
        if let bytes = try payload(at: PayloadPlace(old, content, entry)) {
            try transaction.put(.rowPayloads, place.key, Array(bytes))
            return
        }
        // Of a store of an earlier format.
        let key = StorageKey.entry(content, entry)
        guard let bytes = try transaction.value(.payloads, key).map({ Array($0) }) else { return }
        try transaction.put(.rowPayloads, place.key, bytes)
        try transaction.delete(.payloads, key)
    }

    private func payload(at place: PayloadPlace) throws(CacheError) -> UnsafeRawBufferPointer? {
        try transaction.value(place.table, place.key)
    }
}
