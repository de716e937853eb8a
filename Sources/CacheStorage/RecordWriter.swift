/// Appends the fields of a record, little-endian, and closes it with its checksum.
package struct RecordWriter {
    package private(set) var bytes: [UInt8]

    package init(capacity: Int = 128) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    package mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func append(_ value: Float) { append(value.bitPattern) }

    package mutating func append(contentsOf content: some Collection<UInt8>) { bytes.append(contentsOf: content) }

    /// A length in one byte, then the text: at most 255 bytes of UTF-8, which limits checked before ensure.
    package mutating func append(short text: String) {
        var text = text
        text.withUTF8 { utf8 in
            let count = Swift.min(utf8.count, 255)
            append(UInt8(count))
            bytes.append(contentsOf: utf8.prefix(count))
        }
    }

    /// The record with the checksum of everything before it as its last eight bytes. The seed ties a record to its key, so
    /// that a record which a lost write left under another's key is found out.
    package func sealed(seed: UInt64) -> [UInt8] {
        var sealed = self
        sealed.append(Checksum.of(bytes, seed: seed))
        return sealed.bytes
    }
}
