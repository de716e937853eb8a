package import CacheModel
package import CacheStorage

/// What eviction must know of the changes to entries.
extension StoreEditor {
    /// Equal for entries that answer the same question: those with the same key, or without one with the same vector.
    ///
    /// - Parameter vector: of the content's layout; nil for an entry without one, or where it is not known any more.
    package static func fingerprint(
        _ record: EntryRecord, _ vector: UnsafeBufferPointer<Float>?, _ content: ContentIdentifier
    ) -> UInt64 {
        if let key = record.key { return Checksum.of(StorageKey.exactKey(content, record.scope, key)) }
        let seed = Checksum.of(StorageKey.keysOfScope(content, record.scope))
        return vector.map { Checksum.of(UnsafeRawBufferPointer($0), seed: seed) } ?? seed
    }

    func note(
        _ entry: EntryIdentifier, _ record: EntryRecord, recordBytes: Int, _ vector: UnsafeBufferPointer<Float>?,
        _ content: ContentIdentifier
    ) {
        guard let ledger, ledger.tracks(content) else { return }
        let bytes = EntryFootprint.bytes(
            recordBytes: recordBytes, payloadBytes: Int(record.payloadBytes) + Int(record.promptBytes ?? 0),
            hasKey: record.key != nil, layout: vector == nil ? nil : view[content]?.layout)
        ledger.add(
            EntryUsage(
                entry: entry.number, content: content, bytes: bytes, costNanodollars: record.costSavedNanodollars,
                expiresAtMilliseconds: record.expiresAt.milliseconds),
            fingerprint: Self.fingerprint(record, vector, content))
    }

    /// Removes an entry that makes room, or that another one with its key takes the place of, and remembers how often it was
    /// asked for.
    func removeRemembering(
        _ entry: EntryIdentifier, _ record: EntryRecord, from content: ContentIdentifier
    ) throws(CacheError) {
        if let ledger, ledger.tracks(content) {
            ledger.remove(entry, fingerprint: fingerprint(entry, record, content))
        }
        try remove(entry, record, from: content)
    }

    func fingerprint(_ entry: EntryIdentifier, _ record: EntryRecord, _ content: ContentIdentifier) -> UInt64 {
        var vector: UnsafeBufferPointer<Float>?
        if record.key == nil, let index = view[content], let stride = index.layout?.stride,
            let row = record.row, index.holds(entry, row: row)
        {
            vector = index.address(row).map { UnsafeBufferPointer(start: $0, count: stride) }
        }
        return Self.fingerprint(record, vector, content)
    }
}
