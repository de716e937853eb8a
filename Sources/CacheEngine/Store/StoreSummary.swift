package import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// What a store says of itself, read without a look at every record.
package struct StoreSummary: Hashable, Sendable {
    package var format: UInt32
    package var position: Position
    package var isFenced: Bool
    package var namespaceCount: Int
    /// Those of dropped namespaces that are still to be removed included.
    package var entryCount: Int
    package var watermarkCount: Int
    /// Records of each table.
    package var recordCounts: [Table: Int] = [:]

    /// - Throws: `store-damaged` when the watermarks cannot be read whole, `unsupported-format` for a store of a newer version,
    ///   `invalid-argument` for one that was never used.
    package init(of environment: StorageEnvironment) throws(CacheError) {
        let transaction = try environment.beginRead()
        for table in Table.allCases { recordCounts[table] = try transaction.recordCount(table) }
        guard let record = try transaction.value(.store, StorageKey.store) else {
            guard recordCounts.values.allSatisfy({ $0 == 0 }) else {
                throw CacheError(.storeDamaged, "the store's own record is missing")
            }
            throw CacheError(
                .invalidArgument, "there is nothing in the store yet, not even what a service writes first")
        }
        format = try StoreRecord.format(of: record)
        guard format <= StoreRecord.currentFormat else { throw FormatUpgrade.current.tooNew(format) }
        let store = try StoreRecord(decoding: record)
        let table = try StoreLoader.loadTable(store, transaction)
        position = table.position
        isFenced = table.isFenced
        namespaceCount = table.namespaces.count { $0.value.record.content != nil }
        entryCount = (recordCounts[.entries] ?? 0) - (try Self.evictedCount(table, transaction))
        watermarkCount = recordCounts[.watermarks] ?? 0
    }

    /// Evicted entries whose records remain. What cannot be read counts for none, as it does at a start.
    private static func evictedCount(
        _ table: WatermarkTable, _ transaction: ReadTransaction
    ) throws(CacheError) -> Int {
        var layouts: [ContentIdentifier: BlockLayout] = [:]
        for (_, namespace) in table.namespaces {
            guard let content = namespace.record.content, let dimension = namespace.record.settings.dimension else { continue }
            layouts[content] = BlockLayout(dimension: dimension)
        }
        var count = 0
        try transaction.forEach(.evicted) { (key, value) throws(CacheError) -> Bool in
            if let number: UInt32 = StorageKey.number(in: key, at: 0), let layout = layouts[ContentIdentifier(number)],
                let slots = try? EvictedSlots(decoding: value, key: Array(key), layout)
            {
                count += slots.count
            }
            return true
        }
        return count
    }
}
