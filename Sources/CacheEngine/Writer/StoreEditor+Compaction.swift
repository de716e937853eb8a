package import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// Blocks whose rows are mostly dead are given up: what lives moves, and what remains of the others goes.
extension StoreEditor {
    /// Gives up the emptiest blocks where more rows are dead than live, so that dead rows do not pile up where entries come and go
    /// at the same rate. With so many dead, some block has fewer rows that live than dead ones.
    ///
    /// At most one row moves for each that this transaction has let die, so that no commit takes much longer than another.
    func compactEmptiestBlocks() throws(CacheError) {
        for (content, count) in deaths {
            var (moves, removals) = (count, 2 * count)
            var hasSearched = false
            while moves > 0, removals > 0, let index = view[content], index.deadRowCount > index.rowCount {
                guard let number = emptiestBlocks.next(of: content) else {
                    if hasSearched { break }
                    hasSearched = true
                    let rowsPerBlock = index.layout?.rowsPerBlock ?? 1
                    emptiestBlocks.search(index, of: content, count: removals / rowsPerBlock + 1)
                    continue
                }
                guard let block = index[number], block.isSparse else { continue }
                try compact(number, of: content)
                guard view[content]?[number] == nil else { continue }
                moves -= block.liveCount
                removals -= block.metadata.capacity - block.liveCount
            }
        }
        deaths = [:]
    }

    /// Moves the live rows of a block, so that a sparse block's pages are used again.
    package func compact(_ number: UInt32, of content: ContentIdentifier) throws(CacheError) {
        guard let index = view[content], let layout = index.layout, let block = index[number],
            !index.isOpen(number), let rows = block.rows
        else { return }
        // Rows that this transaction has appended are not in the map yet; the block's turn comes with a later one.
        guard !changedBlocks.contains(BlockName(content: content, number: number)) else { return }
        for slot in 0..<block.count where block.isLive(slot) {
            let entry = EntryIdentifier(block.metadata[slot].entry)
            let scopeNumber = block.metadata[slot].scope
            guard var record = try self.record(content, entry) else {
                ledger?.remove(entry)
                try forget(number * UInt32(layout.rowsPerBlock) + UInt32(slot), scopeNumber, of: content)
                continue
            }
            let vector = UnsafeBufferPointer(start: rows.advanced(by: slot * layout.stride), count: layout.stride)
            // A damaged row must not get a new checksum.
            guard layout.isIntact(rows: rows, slot: slot, entry: entry) else {
                try remove(entry, record, from: content)
                continue
            }
            let row = try append(vector, entry, record, scopeNumber: scopeNumber, to: content, isMoved: true)
            let old = record
            record.row = row
            try movePayload(of: entry, from: old, to: record, in: content)
            // Before its block may be given up: the entry is none of those whose remains go with it.
            try transaction.put(.entries, StorageKey.entry(content, entry), record.encoded(entry))
            if let old = old.row, let emptied = view[content]?.removeRow(old, scope: record.scope) {
                try removeBlock(emptied, from: content)
            }
        }
    }

    /// Takes a row out of the index whose record was damaged or lost while the store was open.
    private func forget(_ row: UInt32, _ scopeNumber: UInt32, of content: ContentIdentifier) throws(CacheError) {
        guard let scope = view[content]?.scope(number: scopeNumber) else { return }
        if let emptied = view[content]?.removeRow(row, scope: scope) {
            try removeBlock(emptied, from: content)
        }
        view[content]?.removeEntry(scope)
    }
}
