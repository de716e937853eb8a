internal import CacheModel
internal import CacheStorage
internal import HashTreeCollections
internal import VectorSearch

/// What the builder of search indexes has done on the writer thread. Every step is bounded to a few milliseconds.
extension Writer {
    /// Asks for new generations where they are due.
    func requestBuilds(_ contents: [ContentIdentifier]) {
        for content in contents {
            guard let index = view[content], index.needsNewGeneration || index.needsRepacking else { continue }
            builds.request(content, rowCount: index.rowCount)
        }
    }

    /// From here on every row that is appended is sketched for this generation, too.
    ///
    /// - Returns: its number and the rows that were appended before; nil when the content is gone.
    func beginGeneration(
        _ partition: PruningPartition, of content: ContentIdentifier
    ) -> (number: UInt32, rows: [UInt32])? {
        guard let rows = view[content]?.liveRows, let number = view[content]?.beginGeneration(partition) else {
            return nil
        }
        return (number, rows)
    }

    /// - Returns: the generation to put in order, and its rows; nil when there is none.
    func beginRepacking(_ content: ContentIdentifier) -> (generation: IndexGeneration, rows: [UInt32])? {
        guard let rows = view[content]?.liveRows, let current = view[content]?.beginRepacking() else { return nil }
        return (current, rows)
    }

    /// - Returns: false when the generation is not being built any more.
    func storeSketches(
        _ sketched: SketchedRows, of content: ContentIdentifier, _ number: UInt32
    ) throws(CacheError) -> Bool {
        guard let next = view[content]?.next, next.number == number, let layout = view[content]?.layout else { return false }
        let editor = try beginEditing()
        // Beginning may have opened the store anew, without what was being built.
        guard editor.view[content]?.next?.number == number else { return false }
        // A record is changed by copying its page, and a page of the tree with it.
        try checkRoom(bytes: sketched.sketches.count * 4, editor)
        try editor.mergeSketches(
            sketched, content, number, next.partition.sketchLayout(layout), replacing: false)
        try commit(editor, .entries, table: table, durableTable: durableTable)
        return true
    }

    /// Puts the generation in the place of the one that searches use, on the disk and in memory alike.
    ///
    /// - Returns: false when the generation is not being built any more.
    func finishGeneration(
        _ number: UInt32, base: PruningIndex, rest: SketchedRows, of content: ContentIdentifier
    ) throws(CacheError) -> Bool {
        let editor = try beginEditing()
        let old = editor.view[content]?.current?.number
        guard try editor.view[content]?.finishGeneration(number, base: base, rest: rest) == true else { return false }
        if old != number { try store(base.partition, number, insteadOf: old, of: content, editor) }
        try commit(editor, .entries, table: table, durableTable: durableTable)
        if let old, old != number { giveUp(old, of: content) }
        return true
    }

    func abandonGeneration(_ number: UInt32, of content: ContentIdentifier) {
        // After a new start it is not known any more, and what it left was found then.
        guard view[content]?.next?.number == number else { return }
        view[content]?.abandonGeneration(number)
        if view[content]?.current?.number != number { giveUp(number, of: content) }
    }

    private func store(
        _ partition: PruningPartition, _ number: UInt32, insteadOf old: UInt32?, of content: ContentIdentifier,
        _ editor: StoreEditor
    ) throws(CacheError) {
        let key = StorageKey.partition(content, number)
        var record = RecordWriter(capacity: 1 << 20)
        record.append(contentsOf: partition.encoded())
        try checkRoom(bytes: record.bytes.count, editor)
        try editor.transaction.put(.partitions, key, record.sealed(seed: Checksum.of(key)))
        if let old { try editor.transaction.delete(.partitions, StorageKey.partition(content, old)) }
    }

    /// Has the sketches of a generation deleted in the background.
    private func giveUp(_ number: UInt32, of content: ContentIdentifier) {
        obsolete.append(ObsoleteGeneration(content: content, number: number))
        reclaimer.isDue = true
    }
}
