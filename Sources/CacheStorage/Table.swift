/// The tables of a store: named databases of one LMDB environment. The raw value is the name in the file.
package enum Table: String, CaseIterable, Sendable {
    /// One record, see `StoreRecord`; and by content identifier, the number of the first entry whose key may not be in `keys`.
    case store
    /// Namespace identifier → `NamespaceRecord`.
    case namespaces
    /// Content identifiers of dropped namespaces, whose entries are still to be reclaimed.
    case garbage
    /// Namespace identifier, kind, name → `WatermarkRecord`.
    case watermarks
    /// Namespace identifier, source → incarnation that the source was announced to; kept only while the store is fenced.
    case announcements
    /// Content identifier, entry → `EntryRecord`: everything but what only a hit needs.
    case entries
    /// Content identifier, entry → prompt and payload that do not lie in `rowPayloads`.
    case payloads
    /// Content identifier, scope, exact key → entry.
    case keys
    /// Content identifier, tag, entry → nothing.
    case tags
    /// Content identifier, block number → a block of rows, see `BlockLayout`.
    case blocks
    /// Content identifier, generation → the partition of a search index. A generation without one is not finished.
    case partitions
    /// Content identifier, generation, block number → the sketches of a block's rows, see `SketchBlockLayout`.
    case sketches
    /// Content identifier, block number → which of its rows belong to evicted entries, see `EvictedSlots`.
    case evicted
    /// Content identifier, row → prompt and payload of the entry with this row, see `PayloadPlace`.
    case rowPayloads = "row-payloads"

    var index: Int {
        switch self {
        case .store: 0
        case .namespaces: 1
        case .garbage: 2
        case .watermarks: 3
        case .announcements: 4
        case .entries: 5
        case .payloads: 6
        case .keys: 7
        case .tags: 8
        case .blocks: 9
        case .partitions: 10
        case .sketches: 11
        case .evicted: 12
        case .rowPayloads: 13
        }
    }
}
