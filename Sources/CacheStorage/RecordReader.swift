package import CacheModel

/// Reads the fields of a sealed record. Every read checks what is left, so that a damaged length is an error and never a trap.
package struct RecordReader {
    private var bytes: UnsafeRawBufferPointer.SubSequence

    /// - Throws: `store-damaged` when the record's last eight bytes are not its checksum.
    package init(sealed record: UnsafeRawBufferPointer, seed: UInt64) throws(CacheError) {
        guard record.count >= 8 else { throw Self.damaged }
        let content = UnsafeRawBufferPointer(rebasing: record[..<(record.count - 8)])
        let stored = UInt64(littleEndian: record.loadUnaligned(fromByteOffset: content.count, as: UInt64.self))
        guard Checksum.of(content, seed: seed) == stored else { throw Self.damaged }
        bytes = content[...]
    }

    /// Fields that are vouched for by a checksum elsewhere.
    package init(unsealed content: UnsafeRawBufferPointer) { bytes = content[...] }

    package var remainingCount: Int { bytes.count }

    package mutating func read<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(CacheError) -> Value {
        let size = MemoryLayout<Value>.size
        let field = try readBytes(size)
        return Value(littleEndian: field.loadUnaligned(as: Value.self))
    }

    package mutating func readFloat() throws(CacheError) -> Float { Float(bitPattern: try read()) }

    package mutating func readBytes(_ count: Int) throws(CacheError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= bytes.count else { throw Self.damaged }
        let field = UnsafeRawBufferPointer(rebasing: bytes.prefix(count))
        bytes = bytes.dropFirst(count)
        return field
    }

    package mutating func readText(_ count: Int) throws(CacheError) -> String {
        guard let text = String(validating: try readBytes(count), as: UTF8.self) else { throw Self.damaged }
        return text
    }

    package mutating func readShortText() throws(CacheError) -> String { try readText(Int(try read(UInt8.self))) }

    package mutating func skipShortText() throws(CacheError) { _ = try readBytes(Int(try read(UInt8.self))) }

    package static var damaged: CacheError {
        CacheError(.storeDamaged, "a record does not match its checksum or its form")
    }
}
