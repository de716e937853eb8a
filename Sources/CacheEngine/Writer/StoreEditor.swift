package import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// One transaction's changes to entries, made to the tables and to a working copy of the index alike. If the transaction fails,
/// the editor is thrown away and nothing has happened.
package final class StoreEditor {
    package let transaction: WriteTransaction
    package internal(set) var view: StoreView
    package var store: StoreRecord
    private var staged: [BlockName: [UInt8]] = [:]
    private(set) var changedBlocks = Set<BlockName>()
    private let sketchers: RowSketchers
    let ledger: UsageLedger?
    private var unsketched: [ContentIdentifier: UnsketchedRows] = [:]
    /// Rows that have died, by content.
    var deaths: [ContentIdentifier: Int] = [:]
    let emptiestBlocks: EmptiestBlocks
    /// Rows of evicted entries, as far as this transaction has asked for them; nil where there are none.
    var evictedSlots: [BlockName: EvictedSlots?] = [:]
    let leastRecentKeys: Int
    /// How many keys have come and gone, of contents whose keys wait for their turn.
    var keyChanges: [ContentIdentifier: Int] = [:]
    var unwrittenKeyMarks = Set<ContentIdentifier>()
    /// Keys of entries that are gone for good.
    var leftKeys: [(key: [UInt8], entry: EntryIdentifier)] = []
    /// Contents that rows were appended to.
    private(set) var grown = Set<ContentIdentifier>()

    struct BlockName: Hashable {
        var content: ContentIdentifier
        var number: UInt32
    }

    /// - Parameter ledger: follows what is added and removed; it has nothing uncommitted.
    init(
        transaction: WriteTransaction, view: StoreView, store: StoreRecord, sketchers: RowSketchers,
        ledger: UsageLedger? = nil, emptiestBlocks: EmptiestBlocks = EmptiestBlocks(),
        leastRecentKeys: Int = Limits.leastRecentKeys
    ) {
        self.leastRecentKeys = leastRecentKeys
        self.emptiestBlocks = emptiestBlocks
        self.transaction = transaction
        self.sketchers = sketchers
        self.ledger = ledger
        self.view = view
        self.store = store
    }

    // MARK: Contents

    package func createContent(dimension: Int?) throws(CacheError) -> ContentIdentifier {
        let content = ContentIdentifier(store.nextContent)
        let (next, overflow) = store.nextContent.addingReportingOverflow(1)
        guard !overflow else { throw CacheError(.limitExceeded, "the store has made too many namespaces") }
        store.nextContent = next
        view[content] = NamespaceIndex(dimension: dimension)
        return content
    }

    package func setDimension(_ dimension: Int, of content: ContentIdentifier) {
        view[content]?.setDimension(dimension)
    }

    /// Takes a content out of the index; its records are reclaimed in the background.
    package func discard(_ content: ContentIdentifier) throws(CacheError) {
        view[content] = nil
        ledger?.discard(content)
        emptiestBlocks.forget(content)
        try transaction.put(.garbage, StorageKey.content(content), [1])
        try transaction.delete(.store, StorageKey.mergedKeys(content))
    }

    // MARK: Entries

    /// Stores an entry. `record.row` is set here.
    ///
    /// - Parameter vector: `stride` floats of the content's layout, unit length, or nil.
    package func add(
        _ record: EntryRecord, vector: UnsafeBufferPointer<Float>?, prompt: String?, payload: [UInt8],
        to content: ContentIdentifier
    ) throws(CacheError) -> EntryIdentifier {
        var record = record
        let entry = EntryIdentifier(store.nextEntry)
        store.nextEntry += 1
        let scopeNumber = view[content]?.addEntry(record.scope) ?? 0
        if let vector {
            record.row = try append(vector, entry, record, scopeNumber: scopeNumber, to: content)
        }
        let payloadPlace = PayloadPlace(record, content, entry)
        let key = StorageKey.entry(content, entry)
        let encoded = record.encoded(entry)
        try transaction.put(.entries, key, encoded)
        try transaction.put(
            payloadPlace.table, payloadPlace.key, PayloadRecord.encoded(prompt: prompt, payload: payload, entry))
        note(entry, record, recordBytes: encoded.count, vector, content)
        if let exactKey = record.key { try setKey(exactKey, of: entry, record, in: content) }
        for tag in record.tags { try transaction.put(.tags, StorageKey.tag(content, tag, entry), []) }
        return entry
    }

    /// Appends a row to the open block, or to that of moved rows, of which a copy is staged until `finish`.
    func append(
        _ vector: UnsafeBufferPointer<Float>, _ entry: EntryIdentifier, _ record: EntryRecord, scopeNumber: UInt32,
        to content: ContentIdentifier, isMoved: Bool = false
    ) throws(CacheError) -> UInt32 {
        let previous = view[content]?.openBlock(ofMoved: isMoved)
        guard let layout = view[content]?.layout,
            let (block, slot) = try view[content]?.allocateRow(layout, isMoved: isMoved)
        else { throw CacheError(.internalError, "a row was appended to a namespace without a dimension") }
        // The open block stays when its last row dies; now that it is open no more, nothing else would take it away.
        if let previous, previous != block, view[content]?[previous]?.liveCount == 0 {
            try removeBlock(previous, from: content)
        }
        let name = BlockName(content: content, number: block)
        var bytes = try stagedBytes(name, layout, isNew: slot == 0)
        // Taken out of the dictionary while it is written to, so that it is not copied.
        staged[name] = nil
        // Of an open block that a start has found, rows behind the last that lives are written over.
        let overwritten = layout.entry(slot, in: bytes)
        if overwritten.number != 0 { try removeRemains([overwritten], in: name, layout, slot: slot) }
        layout.write(row: vector, entry: entry, slot: slot, into: &bytes)
        staged[name] = bytes
        changedBlocks.insert(name)
        let row = block * UInt32(layout.rowsPerBlock) + UInt32(slot)
        let metadata = RowMetadata(
            entry: entry.number, createdAt: record.createdAt.milliseconds, expiresAt: record.expiresAt.milliseconds,
            fillSequence: record.fillSequence, scope: scopeNumber, hasDependencies: !record.dependencies.isEmpty,
            hasTags: !record.tags.isEmpty)
        view[content]?.addRow(metadata, scope: record.scope, row: row, slot: slot, block: block)
        if slot == layout.rowsPerBlock - 1 { try flush(name) }
        grown.insert(content)
        if view[content]?.current != nil || view[content]?.next != nil {
            unsketched[content, default: UnsketchedRows()].append(row, vector)
            if unsketched[content]?.isFull == true { try sketchRows(of: content) }
        }
        return row
    }

    private func stagedBytes(_ name: BlockName, _ layout: BlockLayout, isNew: Bool) throws(CacheError) -> [UInt8] {
        if let bytes = staged[name] { return bytes }
        let value = try transaction.value(.blocks, StorageKey.block(name.content, name.number))
        if isNew {
            // A start does not know blocks without a row that lives; one of them may be here still.
            if let value, (try? layout.rows(of: value, content: name.content, number: name.number)) != nil {
                let bytes = Array(value)
                try removeRemains((0..<layout.rowsPerBlock).map { layout.entry($0, in: bytes) }, in: name, layout)
            }
            try removePayloads(of: name, layout)
            evictedSlots[name] = .some(nil)
            return layout.emptyBlock(content: name.content, number: name.number)
        }
        guard let value, value.count == Limits.blockBytes else { throw CacheError(.storeDamaged, "block \(name.number) is missing") }
        return Array(value)
    }

    private func flush(_ name: BlockName) throws(CacheError) {
        guard let bytes = staged.removeValue(forKey: name) else { return }
        try transaction.put(.blocks, StorageKey.block(name.content, name.number), bytes)
    }

    package func remove(
        _ entry: EntryIdentifier, _ record: EntryRecord, from content: ContentIdentifier
    ) throws(CacheError) {
        try removeRecords(entry, record, from: content)
        try removeFromIndex(entry, record, content)
    }

    func removeFromIndex(
        _ entry: EntryIdentifier, _ record: EntryRecord, _ content: ContentIdentifier
    ) throws(CacheError) {
        // An entry whose block was damaged when the store was opened was never counted.
        guard view[content]?.holds(entry, row: record.row) == true else { return }
        if let row = record.row {
            if let emptied = view[content]?.removeRow(row, scope: record.scope) {
                try removeBlock(emptied, from: content)
            }
            deaths[content, default: 0] += 1
        }
        view[content]?.removeEntry(record.scope)
    }

    /// Removes what the tables hold of an entry, but not what the index does: for contents that have none any more.
    package func removeRecords(
        _ entry: EntryIdentifier, _ record: EntryRecord, from content: ContentIdentifier
    ) throws(CacheError) {
        try transaction.delete(.entries, StorageKey.entry(content, entry))
        try removePayload(record, of: entry, from: content)
        ledger?.remove(entry)
        if let exactKey = record.key { try removeKey(exactKey, of: entry, record, in: content) }
        for tag in record.tags { try transaction.delete(.tags, StorageKey.tag(content, tag, entry)) }
    }

    /// Removes an entry whose record says no more what else belongs to it. Its key and its tags lead nowhere then, and a row that
    /// the index has of it goes when its block is compacted.
    package func removeDamaged(_ entry: EntryIdentifier, from content: ContentIdentifier) throws(CacheError) {
        let key = StorageKey.entry(content, entry)
        try transaction.delete(.entries, key)
        try transaction.delete(.payloads, key)
        ledger?.remove(entry)
    }

    func removeBlock(_ number: UInt32, from content: ContentIdentifier) throws(CacheError) {
        let name = BlockName(content: content, number: number)
        staged[name] = nil
        changedBlocks.remove(name)
        if let block = view[content]?[number], let layout = view[content]?.layout {
            try removeRemains(block.entries(layout), in: name, layout)
            try removePayloads(of: name, layout)
        }
        view[content]?.removeBlock(number)
        try transaction.delete(.blocks, StorageKey.block(content, number))
        for (generation, _) in view[content]?.partitions ?? [] {
            try transaction.delete(.sketches, StorageKey.sketches(content, generation, number))
        }
    }

    /// Sketches the rows that were appended, for every generation that must have them.
    private func sketchRows(of content: ContentIdentifier) throws(CacheError) {
        guard let appended = unsketched.removeValue(forKey: content), let layout = view[content]?.layout else { return }
        for (generation, partition) in view[content]?.partitions ?? [] {
            let sketched = try sketchers.sketch(appended, layout, partition)
            try mergeSketches(sketched, content, generation, partition.sketchLayout(layout), replacing: true)
            try view[content]?.insert(sketched, generation: generation)
        }
    }

    /// Writes sketches into the records of their blocks.
    ///
    /// - Parameter isReplacing: whether a sketch that is there already gives way. It does to that of a row appended now; it
    ///   does not to one made in the background, perhaps of a row that was there before.
    package func mergeSketches(
        _ sketched: SketchedRows, _ content: ContentIdentifier, _ generation: UInt32, _ layout: SketchBlockLayout,
        replacing isReplacing: Bool
    ) throws(CacheError) {
        let rows = sketched.rows
        var next = 0
        while next < rows.count {
            let number = rows[next] / UInt32(layout.rowsPerBlock)
            let start = next
            while next < rows.count, rows[next] / UInt32(layout.rowsPerBlock) == number { next += 1 }
            // A block may be gone again, and its number with it.
            guard view[content]?[number] != nil else { continue }
            let key = StorageKey.sketches(content, generation, number)
            let stored = try transaction.value(.sketches, key)
            let known = stored.flatMap { stored in key.withUnsafeBytes { layout.checked(stored, key: $0) } }
            var record = known == nil ? layout.emptyRecord : Array(stored ?? UnsafeRawBufferPointer(start: nil, count: 0))
            for index in start..<next {
                let slot = Int(rows[index]) % layout.rowsPerBlock
                if !isReplacing, let known, layout.sketch(slot, in: known) != nil { continue }
                sketched.sketches.withUnsafeBytes { bytes in
                    let range = index * layout.sketchBytes..<(index + 1) * layout.sketchBytes
                    layout.set(slot, to: UnsafeRawBufferPointer(rebasing: bytes[range]), in: &record)
                }
            }
            layout.seal(&record, key: key)
            try transaction.put(.sketches, key, record)
        }
    }

    // MARK: Reading inside the transaction

    /// Nil also for a damaged record, which is as good as none: it must not make the writes of others fail.
    package func record(_ content: ContentIdentifier, _ entry: EntryIdentifier) throws(CacheError) -> EntryRecord? {
        guard let value = try transaction.value(.entries, StorageKey.entry(content, entry)) else { return nil }
        return try? EntryRecord(decoding: value, entry)
    }

    // MARK: Ending

    /// Writes what is staged and the store's record. The transaction can be committed then.
    package func finish() throws(CacheError) {
        for name in Array(staged.keys) { try flush(name) }
        for content in Array(unsketched.keys) { try sketchRows(of: content) }
        try finishEvicting()
        try finishKeys()
        try transaction.put(.store, StorageKey.store, store.encoded())
    }

    /// The view of the commit: the blocks that changed are found at their new places in the map.
    package func committedView(_ snapshot: ReadTransaction) throws(CacheError) -> StoreView {
        for name in changedBlocks {
            guard let layout = view[name.content]?.layout, view[name.content]?[name.number] != nil else { continue }
            guard let value = try snapshot.value(.blocks, StorageKey.block(name.content, name.number)) else {
                throw CacheError(.storeDamaged, "block \(name.number) is missing after its commit")
            }
            let rows = try layout.rows(of: value, content: name.content, number: name.number)
            view[name.content]?.place(name.number, at: rows)
        }
        return view
    }
}
