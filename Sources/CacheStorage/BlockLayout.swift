package import CacheModel

/// How rows lie in a block: one LMDB value of `Limits.blockBytes`, which fills its pages exactly.
///
///     48 bytes   header
///     n × stride × 4 bytes   rows of float32, each at a multiple of 64 bytes (LMDB's page header is 16 bytes, ours 48)
///     n × 16 bytes   trailers: entry identifier, checksum of the row
///
/// Rows are appended only. A row lives as long as its entry says that it lies here; a block whose rows are all dead is deleted.
package struct BlockLayout: Hashable, Sendable {
    package let dimension: Int
    /// Floats from one row to the next: the dimension rounded up to a multiple of 16, zero padded.
    package let stride: Int
    package let rowsPerBlock: Int

    package static let headerBytes = 48
    package static let trailerBytes = 16
    private static let magic: UInt32 = 0x4B4C_4253  // "SBLK"

    /// - Parameter dimension: within `Limits.dimensionRange`.
    package init(dimension: Int) {
        self.dimension = dimension
        stride = (dimension + 15) / 16 * 16
        rowsPerBlock = (Limits.blockBytes - Self.headerBytes) / (stride * 4 + Self.trailerBytes)
    }

    private var trailersOffset: Int { Self.headerBytes + rowsPerBlock * stride * 4 }

    /// An empty block's bytes.
    package func emptyBlock(content: ContentIdentifier, number: UInt32) -> [UInt8] {
        var header = RecordWriter(capacity: Self.headerBytes)
        header.append(Self.magic)
        header.append(UInt32(dimension))
        header.append(content.number)
        header.append(number)
        header.append(UInt64(0))
        header.append(UInt64(0))
        header.append(UInt64(0))
        let bytes = header.sealed(seed: 0)
        return bytes + [UInt8](repeating: 0, count: Limits.blockBytes - bytes.count)
    }

    /// Writes a row of `stride` floats and its trailer.
    package func write(
        row: UnsafeBufferPointer<Float>, entry: EntryIdentifier, slot: Int, into block: inout [UInt8]
    ) {
        precondition(row.count == stride && slot < rowsPerBlock && block.count == Limits.blockBytes)
        let checksum = Checksum.of(UnsafeRawBufferPointer(row), seed: entry.number)
        block.withUnsafeMutableBytes { bytes in
            bytes.baseAddress?.advanced(by: Self.headerBytes + slot * stride * 4)
                .copyMemory(from: UnsafeRawPointer(row.baseAddress.unsafelyUnwrapped), byteCount: stride * 4)
            let trailer = trailersOffset + slot * Self.trailerBytes
            bytes.storeBytes(of: entry.number.littleEndian, toByteOffset: trailer, as: UInt64.self)
            bytes.storeBytes(of: checksum.littleEndian, toByteOffset: trailer + 8, as: UInt64.self)
        }
    }

    /// The entry whose row was written to this slot, alive or not; number 0 where none was.
    ///
    /// - Parameter block: all of it, as `emptyBlock` made it.
    package func entry(_ slot: Int, in block: [UInt8]) -> EntryIdentifier {
        precondition(slot < rowsPerBlock && block.count == Limits.blockBytes)
        return block.withUnsafeBytes { bytes in
            let number = bytes.loadUnaligned(
                fromByteOffset: trailersOffset + slot * Self.trailerBytes, as: UInt64.self)
            return EntryIdentifier(UInt64(littleEndian: number))
        }
    }

    /// The same of a block in the map.
    ///
    /// - Parameter rows: the first row, as `rows(of:content:number:)` returned it.
    package func entry(_ slot: Int, rows: UnsafePointer<Float>) -> EntryIdentifier {
        precondition(slot < rowsPerBlock)
        let trailer = UnsafeRawPointer(rows).advanced(by: rowsPerBlock * stride * 4 + slot * Self.trailerBytes)
        return EntryIdentifier(UInt64(littleEndian: trailer.loadUnaligned(as: UInt64.self)))
    }

    /// The first row of a block in the map.
    ///
    /// - Throws: `store-damaged` when the value is not a block of this layout, content and number.
    package func rows(
        of block: UnsafeRawBufferPointer, content: ContentIdentifier, number: UInt32
    ) throws(CacheError) -> UnsafePointer<Float> {
        guard block.count == Limits.blockBytes, let base = block.baseAddress else { throw RecordReader.damaged }
        var header = try RecordReader(
            sealed: UnsafeRawBufferPointer(rebasing: block[..<Self.headerBytes]), seed: 0)
        guard try header.read(UInt32.self) == Self.magic, try header.read(UInt32.self) == UInt32(dimension),
            try header.read(UInt32.self) == content.number, try header.read(UInt32.self) == number
        else { throw RecordReader.damaged }
        return base.advanced(by: Self.headerBytes).assumingMemoryBound(to: Float.self)
    }

    /// Whether the row in this slot is what was written for this entry.
    ///
    /// - Parameter rows: the first row, as `rows(of:content:number:)` returned it.
    package func isIntact(rows: UnsafePointer<Float>, slot: Int, entry: EntryIdentifier) -> Bool {
        guard slot < rowsPerBlock else { return false }
        let trailer = UnsafeRawPointer(rows).advanced(
            by: rowsPerBlock * stride * 4 + slot * Self.trailerBytes)
        let row = UnsafeRawBufferPointer(start: rows.advanced(by: slot * stride), count: stride * 4)
        return UInt64(littleEndian: trailer.loadUnaligned(as: UInt64.self)) == entry.number
            && UInt64(littleEndian: trailer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                == Checksum.of(row, seed: entry.number)
    }
}
