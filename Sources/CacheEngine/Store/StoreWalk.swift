package import CacheModel
package import CacheStorage

/// Walks through every record of a store and verifies its checksum: what `semblance check` does, and what a start does when the
/// file is shorter than it should be.
package struct StoreWalk {
    package struct Report: Hashable, Sendable {
        package var entryCount = 0
        package var payloadBytes = 0
        package var rowCount = 0
        package var watermarkCount = 0
    }

    let environment: StorageEnvironment
    /// Whether damage to what is stored of search indexes counts: a start makes it anew from the rows.
    let includesIndexes: Bool

    package init(environment: StorageEnvironment, includesIndexes: Bool = true) {
        self.environment = environment
        self.includesIndexes = includesIndexes
    }

    /// - Throws: `store-damaged` at the first record that is not what its checksum says, or that another one contradicts.
    @discardableResult
    package func run() throws(CacheError) -> Report {
        let transaction = try environment.beginRead()
        var report = Report()
        var dimensions: [ContentIdentifier: BlockLayout] = [:]
        try transaction.forEach(.namespaces) { (key, value) throws(CacheError) -> Bool in
            let number: UInt32 = StorageKey.number(in: key, at: 0) ?? 0
            let record = try NamespaceRecord(decoding: value, NamespaceIdentifier(number))
            if let content = record.content, let dimension = record.settings.dimension {
                dimensions[content] = BlockLayout(dimension: dimension)
            }
            return true
        }
        try transaction.forEach(.watermarks) { (_, value) throws(CacheError) -> Bool in
            _ = try WatermarkRecord(decoding: value)
            report.watermarkCount += 1
            return true
        }
        try transaction.forEach(.entries) { (key, value) throws(CacheError) -> Bool in
            try check(key, value, transaction, dimensions, &report)
            return true
        }
        for table in includesIndexes ? [Table.keys, .partitions, .sketches] : [.keys] {
            try transaction.forEach(table) { (key, value) throws(CacheError) -> Bool in
                _ = try RecordReader(sealed: value, seed: Checksum.of(key))
                return true
            }
        }
        for table in [Table.tags, .garbage, .announcements] {
            try transaction.forEach(table) { (_, _) throws(CacheError) -> Bool in true }
        }
        return report
    }

    /// Whether only the remains of the entry are here, which need not be whole.
    private func isEvicted(
        _ record: EntryRecord, _ content: ContentIdentifier, _ transaction: ReadTransaction,
        _ dimensions: [ContentIdentifier: BlockLayout]
    ) throws(CacheError) -> Bool {
        guard let row = record.row, let layout = dimensions[content] else { return false }
        let key = StorageKey.block(content, row / UInt32(layout.rowsPerBlock))
        guard let value = try transaction.value(.evicted, key) else { return false }
        return try EvictedSlots(decoding: value, key: key, layout)[Int(row) % layout.rowsPerBlock]
    }

    private func check(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ transaction: ReadTransaction,
        _ dimensions: [ContentIdentifier: BlockLayout], _ report: inout Report
    ) throws(CacheError) {
        let content = ContentIdentifier(StorageKey.number(in: key, at: 0) ?? 0)
        let entry = EntryIdentifier(StorageKey.number(in: key, at: 4) ?? 0)
        let record = try EntryRecord(decoding: value, entry)
        if try isEvicted(record, content, transaction, dimensions) { return }
        guard let payload = try transaction.payload(record, content, entry) else {
            throw CacheError(.storeDamaged, "entry \(entry) has no payload", detail: ["entry": entry.description])
        }
        _ = try PayloadRecord.decode(payload, of: record, entry)
        report.entryCount += 1
        report.payloadBytes += payload.count
        guard let row = record.row, let layout = dimensions[content] else { return }
        let block = row / UInt32(layout.rowsPerBlock)
        guard let bytes = try transaction.value(.blocks, StorageKey.block(content, block)),
            layout.isIntact(
                rows: try layout.rows(of: bytes, content: content, number: block),
                slot: Int(row) % layout.rowsPerBlock, entry: entry)
        else {
            throw CacheError(.storeDamaged, "the vector of entry \(entry) is damaged", detail: ["entry": entry.description])
        }
        report.rowCount += 1
    }
}
