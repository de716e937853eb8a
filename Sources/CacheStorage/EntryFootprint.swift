package import CacheModel

/// What an entry takes in the store: what limits in bytes count.
///
/// An estimate that is the same for the same record, always: what the tables hold of the entry, a payload that does not fit into a
/// page with the pages of its own, and the row's share of its block. The room that LMDB leaves in its pages and the search index
/// are not in it.
package enum EntryFootprint {
    private static let pageBytes = 4_096
    /// LMDB's header of a page, and of a record with its place in the page.
    private static let pageHeaderBytes = 16
    private static let nodeBytes = 10
    /// Values above it have pages of their own.
    private static let inlineBytes = 2_022

    /// - Parameters:
    ///   - recordBytes: of the encoded `EntryRecord`.
    ///   - payloadBytes: prompt and payload together.
    ///   - layout: of the block that has the entry's row; nil for an entry without one.
    package static func bytes(recordBytes: Int, payloadBytes: Int, hasKey: Bool, layout: BlockLayout?) -> Int {
        // 12 bytes of key for the entry and for its payload, 36 bytes of key and 16 of record for its exact key.
        var bytes = recordBytes + 12 + nodeBytes + 12 + nodeBytes + (hasKey ? 36 + 16 + nodeBytes : 0)
        let stored = payloadBytes + 8
        if isInline(payloadBytes: payloadBytes) {
            bytes += stored
        } else {
            bytes += (stored + pageHeaderBytes + pageBytes - 1) / pageBytes * pageBytes
        }
        if let layout { bytes += (Limits.blockBytes + pageHeaderBytes) / layout.rowsPerBlock }
        return bytes
    }

    /// Whether a payload shares a page with others.
    ///
    /// - Parameter payloadBytes: prompt and payload together.
    package static func isInline(payloadBytes: Int) -> Bool { payloadBytes + 8 <= inlineBytes }
}
