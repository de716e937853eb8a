/// How the sketches of one block's rows lie in their record:
///
///     ⌈n / 8⌉ bytes      a bit for each slot that has a sketch, least significant first
///     n × sketchBytes    the sketches, by slot
///     8 bytes            checksum, seeded with that of the key
///
/// At 384 dimensions that is a page, as the block itself is sixteen.
package struct SketchBlockLayout: Hashable, Sendable {
    package let rowsPerBlock: Int
    package let sketchBytes: Int

    package init(rowsPerBlock: Int, sketchBytes: Int) {
        self.rowsPerBlock = rowsPerBlock
        self.sketchBytes = sketchBytes
    }

    private var maskBytes: Int { (rowsPerBlock + 7) / 8 }
    private var contentBytes: Int { maskBytes + rowsPerBlock * sketchBytes }
    package var recordBytes: Int { contentBytes + 8 }

    /// A record without any sketch, to be filled and sealed.
    package var emptyRecord: [UInt8] { [UInt8](repeating: 0, count: recordBytes) }

    /// Writes a sketch of `sketchBytes` bytes.
    package func set(_ slot: Int, to sketch: UnsafeRawBufferPointer, in record: inout [UInt8]) {
        precondition(slot < rowsPerBlock && sketch.count == sketchBytes && record.count == recordBytes)
        record.withUnsafeMutableBytes { bytes in
            bytes[slot >> 3] |= 1 << UInt8(slot & 7)
            let place = UnsafeMutableRawBufferPointer(rebasing: bytes[(maskBytes + slot * sketchBytes)...])
            place.copyMemory(from: sketch)
        }
    }

    package func seal(_ record: inout [UInt8], key: [UInt8]) {
        precondition(record.count == recordBytes)
        record.withUnsafeMutableBytes { bytes in
            let content = UnsafeRawBufferPointer(rebasing: bytes[..<contentBytes])
            bytes.storeBytes(
                of: Checksum.of(content, seed: Checksum.of(key)).littleEndian, toByteOffset: contentBytes, as: UInt64.self)
        }
    }

    /// The record's first byte, to ask `sketch(_:in:)` for; nil for a damaged one and for that of another key.
    package func checked(_ record: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
        guard record.count == recordBytes, let base = record.baseAddress else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: record[..<contentBytes])
        let stored = UInt64(littleEndian: record.loadUnaligned(fromByteOffset: contentBytes, as: UInt64.self))
        return Checksum.of(content, seed: Checksum.of(key)) == stored ? base : nil
    }

    /// The sketch of a slot; nil when the slot has none.
    ///
    /// - Parameter record: what `checked(_:key:)` returned.
    package func sketch(_ slot: Int, in record: UnsafeRawPointer) -> UnsafeRawPointer? {
        guard slot >= 0, slot < rowsPerBlock else { return nil }
        let mask = record.load(fromByteOffset: slot >> 3, as: UInt8.self)
        return mask & (1 << UInt8(slot & 7)) == 0 ? nil : record + maskBytes + slot * sketchBytes
    }
}
