package import CacheModel

/// Where the prompt and the payload of an entry lie.
///
/// Payloads that share their pages with others lie as the rows of their entries do, so that a block that is given up leaves whole
/// pages behind, and not here and there the room of one. What has pages of its own stays where it is when the row moves; so does
/// what has no row.
package struct PayloadPlace {
    package let table: Table
    package let key: [UInt8]

    package init(_ record: EntryRecord, _ content: ContentIdentifier, _ entry: EntryIdentifier) {
        if let row = record.row,
            EntryFootprint.isInline(payloadBytes: Int(record.payloadBytes) + Int(record.promptBytes ?? 0))
        {
            table = .rowPayloads
            key = StorageKey.row(content, row)
        } else {
            table = .payloads
            key = StorageKey.entry(content, entry)
        }
    }
}

extension Transaction {
    /// The `PayloadRecord` of an entry, in the map; nil when there is none.
    package func payload(
        _ record: EntryRecord, _ content: ContentIdentifier, _ entry: EntryIdentifier
    ) throws(CacheError) -> UnsafeRawBufferPointer? {
        let place = PayloadPlace(record, content, entry)
        if let value = try value(place.table, place.key) { return value }
        guard place.table == .rowPayloads else { return nil }
        // Before format 5 all payloads lay by their entries. They move when their rows do.
        return try value(.payloads, StorageKey.entry(content, entry))
    }
}
