internal import CacheModel
internal import CacheStorage

/// Evicted entries, and what remains of them.
///
/// Entries go one here and one there, and to delete the records of each would change a page of every table for it. So the block says
/// which of its rows belong to evicted entries, and their records remain. They go together, and page by page, when the block is given
/// up: because all of its rows are dead, or because it is sparse and what lives has moved.
///
/// Invariant: an entry with a row is there if and only if the index holds it. Its record is not enough.
extension StoreEditor {
    /// - Parameter victims: in the order of their numbers, so that records are read in the order in which they lie.
    func evict(_ victims: [Victim]) throws(CacheError) {
        for victim in victims {
            let entry = EntryIdentifier(victim.usage.entry)
            let content = victim.usage.content
            guard let record = try record(content, entry) else {
                try removeDamaged(entry, from: content)
                continue
            }
            guard let row = record.row, let layout = view[content]?.layout,
                view[content]?.holds(entry, row: row) == true
            else {
                try removeRemembering(entry, record, from: content)
                continue
            }
            ledger?.remove(entry, fingerprint: fingerprint(entry, record, content))
            // A large payload has pages of its own, which others can use.
            if !EntryFootprint.isInline(payloadBytes: Int(record.payloadBytes) + Int(record.promptBytes ?? 0)) {
                try transaction.delete(.payloads, StorageKey.entry(content, entry))
            }
            let block = BlockName(content: content, number: row / UInt32(layout.rowsPerBlock))
            try mark(Int(row) % layout.rowsPerBlock, of: block, layout, asEvicted: true)
            try removeFromIndex(entry, record, content)
            // A key that waits for its turn need not get into the table any more.
            if let key = record.key {
                view[content]?.recentKeys.remove(RecentKeys.Name(record.scope, key), of: entry)
            }
        }
    }

    private func mark(
        _ slot: Int, of block: BlockName, _ layout: BlockLayout, asEvicted isEvicted: Bool
    ) throws(CacheError) {
        let key = StorageKey.block(block.content, block.number)
        var slots: EvictedSlots?
        if let known = evictedSlots[block] {
            slots = known
        } else if let value = try transaction.value(.evicted, key) {
            slots = try? EvictedSlots(decoding: value, key: key, layout)
        }
        guard isEvicted || slots != nil else { return }
        var changed = slots ?? EvictedSlots(layout)
        changed[slot] = isEvicted
        evictedSlots[block] = .some(changed)
    }

    /// Removes the records of evicted entries whose rows lie in a block that is given up.
    ///
    /// - Parameters:
    ///   - entries: Those whose rows were ever written to the block. The ones that have moved stay.
    ///   - slot: The only one that is given up; nil for the whole block.
    func removeRemains(
        _ entries: [EntryIdentifier], in block: BlockName, _ layout: BlockLayout, slot: Int? = nil
    ) throws(CacheError) {
        for entry in entries where entry.number != 0 {
            guard let record = try record(block.content, entry), let row = record.row,
                row / UInt32(layout.rowsPerBlock) == block.number
            else { continue }
            try transaction.delete(.entries, StorageKey.entry(block.content, entry))
            try removePayload(record, of: entry, from: block.content, withBlock: slot == nil)
            for tag in record.tags { try transaction.delete(.tags, StorageKey.tag(block.content, tag, entry)) }
            if let exactKey = record.key { try leaveKey(exactKey, of: entry, record, in: block.content) }
        }
        if let slot {
            try mark(slot, of: block, layout, asEvicted: false)
        } else {
            evictedSlots[block] = .some(nil)
        }
    }

    /// Writes which rows belong to evicted entries.
    func finishEvicting() throws(CacheError) {
        for (block, slots) in evictedSlots {
            let key = StorageKey.block(block.content, block.number)
            if let slots {
                try transaction.put(.evicted, key, slots.encoded(key: key))
            } else {
                try transaction.delete(.evicted, key)
            }
        }
        evictedSlots = [:]
    }
}
