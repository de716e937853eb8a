import CacheModel
import NIOCore

/// The counterparts of `BodyReader`. They throw only what no length field could express.
extension ByteBuffer {
    mutating func write(_ value: some FixedWidthInteger) { writeInteger(value, endianness: .little) }
    mutating func write(_ value: Float) { writeInteger(value.bitPattern, endianness: .little) }
    mutating func write(_ value: Bool) { writeInteger(value ? 1 : 0, as: UInt8.self) }

    /// A count in 16 bits.
    mutating func write(count: Int, of field: String) throws(CacheError) {
        write(try Self.wireCount(count, of: field))
    }

    static func wireCount(_ count: Int, of field: String) throws(CacheError) -> UInt16 {
        guard let number = UInt16(exactly: count) else { throw .outOfRange(field, limit: Int(UInt16.max), got: count) }
        return number
    }

    /// UTF-8 behind a length of 16 bits.
    mutating func write(_ string: String, as field: String) throws(CacheError) {
        try write(count: string.utf8.count, of: field)
        writeString(string)
    }

    /// UTF-8 behind a length of 32 bits.
    mutating func write(long string: String, as field: String) throws(CacheError) {
        guard let number = UInt32(exactly: string.utf8.count) else {
            throw .outOfRange(field, limit: Int(UInt32.max), got: string.utf8.count)
        }
        write(number)
        writeString(string)
    }
}

extension String {
    /// With a length of 16 bits before it.
    var wireBytes: Int { 2 + utf8.count }
    /// With a length of 32 bits before it.
    var longWireBytes: Int { 4 + utf8.count }
}

extension Sequence {
    /// Summed without an array in between.
    func totalBytes(_ bytes: (Element) -> Int) -> Int { reduce(0) { $0 + bytes($1) } }
}
