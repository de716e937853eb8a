package import CacheModel

/// The rows of a block whose entries have been evicted, but whose records are still there: a bit for each slot, least significant
/// first, and a checksum.
package struct EvictedSlots: Hashable, Sendable {
    private var bits: [UInt8]

    package init(_ layout: BlockLayout) { bits = [UInt8](repeating: 0, count: (layout.rowsPerBlock + 7) / 8) }

    /// - Parameter key: `StorageKey.block`.
    /// - Throws: `store-damaged` for what is not such a record of this layout.
    package init(decoding record: UnsafeRawBufferPointer, key: [UInt8], _ layout: BlockLayout) throws(CacheError) {
        var reader = try RecordReader(sealed: record, seed: Checksum.of(key))
        bits = Array(try reader.readBytes((layout.rowsPerBlock + 7) / 8))
    }

    package func encoded(key: [UInt8]) -> [UInt8] {
        var writer = RecordWriter(capacity: bits.count + 8)
        writer.append(contentsOf: bits)
        return writer.sealed(seed: Checksum.of(key))
    }

    package var count: Int { bits.reduce(0) { $0 + $1.nonzeroBitCount } }

    package subscript(slot: Int) -> Bool {
        get { bits[slot >> 3] & (1 << UInt8(slot & 7)) != 0 }
        set {
            if newValue { bits[slot >> 3] |= 1 << UInt8(slot & 7) } else { bits[slot >> 3] &= ~(1 << UInt8(slot & 7)) }
        }
    }
}
