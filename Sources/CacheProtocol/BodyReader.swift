import CacheModel
import NIOCore

/// Reads the fields of a body in order. Every read compares with the bytes that are left, so a length that lies is
/// refused before anything is allocated for it.
///
/// Two kinds of wrong are kept apart. What does not add up is thrown as `.malformedFrame`: nothing after it can be
/// trusted. What is well-formed but outside of its range is noted as the `fault` of the item being read, and reading
/// goes on behind it.
struct BodyReader {
    private var bytes: ByteBuffer
    /// Requests are held to the limits. Replies are not: a server of a later version may have larger ones.
    let enforcesLimits: Bool
    /// The first field outside of its range since the last `takeFault`.
    private(set) var fault: CacheError?

    init(_ bytes: ByteBuffer, enforcesLimits: Bool) {
        self.bytes = bytes
        self.enforcesLimits = enforcesLimits
    }

    var remainingBytes: Int { bytes.readableBytes }

    // MARK: Faults

    mutating func note(_ error: @autoclosure () -> CacheError) {
        if enforcesLimits, fault == nil { fault = error() }
    }

    mutating func takeFault() -> CacheError? {
        guard let found = fault else { return nil }
        fault = nil
        return found
    }

    /// Ends a group of fields that a whole request depends on.
    mutating func throwFault() throws(CacheError) {
        if let fault = takeFault() { throw fault }
    }

    /// Ends the body.
    mutating func finish() throws(CacheError) {
        guard remainingBytes == 0 else { throw malformed("bytes after the end of a message") }
        try throwFault()
    }

    func malformed(_ message: String) -> CacheError { CacheError(.malformedFrame, message) }

    // MARK: Numbers

    mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(CacheError) -> Integer {
        guard let value = bytes.readInteger(endianness: .little, as: type) else { throw cutShort() }
        return value
    }

    mutating func float() throws(CacheError) -> Float { Float(bitPattern: try integer()) }

    mutating func boolean() throws(CacheError) -> Bool {
        switch try integer(UInt8.self) {
        case 0: false
        case 1: true
        default: throw malformed("a boolean is neither 0 nor 1")
        }
    }

    /// Bits that say which optional fields follow; those outside of `known` are reserved.
    mutating func flags(known: UInt8) throws(CacheError) -> UInt8 {
        let flags = try integer(UInt8.self)
        guard flags & ~known == 0 else { throw malformed("reserved bits are not zero") }
        return flags
    }

    /// A count of what exists elsewhere, in 64 bits on the wire.
    mutating func quantity() throws(CacheError) -> Int {
        guard let value = Int(exactly: try integer(UInt64.self)) else { throw malformed("a count beyond 63 bits") }
        return value
    }

    /// How many items follow, of which each takes at least `minimumBytes`.
    mutating func count<Integer: FixedWidthInteger & UnsignedInteger>(
        _ type: Integer.Type = UInt16.self, minimumBytes: Int
    ) throws(CacheError) -> Int {
        let count = try integer(type)
        guard count <= remainingBytes / minimumBytes else { throw malformed("more items than the body can hold") }
        return Int(count)
    }

    // MARK: Bytes and text

    /// Strictly valid UTF-8 behind a length of 16 bits.
    mutating func string(_ field: String, in range: ClosedRange<Int>) throws(CacheError) -> String {
        try string(field, in: range, length: Int(try integer(UInt16.self)))
    }

    /// Strictly valid UTF-8 behind a length of 32 bits.
    mutating func longString(_ field: String, in range: ClosedRange<Int>) throws(CacheError) -> String {
        try string(field, in: range, length: Int(try integer(UInt32.self)))
    }

    private mutating func string(
        _ field: String, in range: ClosedRange<Int>, length: Int
    ) throws(CacheError) -> String {
        guard length <= remainingBytes else { throw cutShort() }
        if enforcesLimits, !range.contains(length) {
            let limit = length < range.lowerBound ? range.lowerBound : range.upperBound
            note(.outOfRange(field, limit: limit, got: length))
            try skip(length)
            return ""
        }
        // ASCII is valid as it is, and the validating initializer takes three times as long as the other.
        if let string = bytes.readASCII(length: length) { return string }
        guard let string = try? bytes.readUTF8ValidatedString(length: length) else { throw malformed("invalid UTF-8") }
        return string
    }

    mutating func byteArray(_ length: Int) throws(CacheError) -> [UInt8] {
        guard length <= remainingBytes, let array = bytes.readBytes(length: length) else { throw cutShort() }
        return array
    }

    /// Shows the next bytes where they are.
    mutating func read<Result>(
        _ length: Int, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CacheError) -> Result {
        guard length <= remainingBytes else { throw cutShort() }
        let result = bytes.withUnsafeReadableBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
        bytes.moveReaderIndex(forwardBy: length)
        return result
    }

    mutating func skip(_ length: Int) throws(CacheError) {
        guard length <= remainingBytes else { throw cutShort() }
        bytes.moveReaderIndex(forwardBy: length)
    }

    private func cutShort() -> CacheError { malformed("a message ends in the middle of a field") }
}

extension BodyReader {
    /// A list that belongs to one item, such as its tags. What is beyond the limit is read, but not kept.
    mutating func list<Element>(
        _ field: String, limit: Int, minimumBytes: Int,
        _ element: (inout BodyReader) throws(CacheError) -> Element
    ) throws(CacheError) -> [Element] {
        let count = try count(minimumBytes: minimumBytes)
        if count > limit { note(.outOfRange(field, limit: limit, got: count)) }
        var elements: [Element] = []
        guard count > 0 else { return elements }
        elements.reserveCapacity(min(count, limit))
        for _ in 0..<count {
            let value = try element(&self)
            if !enforcesLimits || elements.count < limit { elements.append(value) }
        }
        return elements
    }

    /// The items of a batch, each as it is or with what is wrong with it alone.
    ///
    /// - Throws: `.invalidArgument` for an empty batch or one beyond `Limits.batchCount`, whose items are not looked
    ///   at.
    mutating func batch<Item>(
        minimumBytes: Int, _ item: (inout BodyReader) throws(CacheError) -> Item
    ) throws(CacheError) -> [Result<Item, CacheError>] {
        let count = try batchCount(minimumBytes: minimumBytes)
        var items: [Result<Item, CacheError>] = []
        items.reserveCapacity(count)
        for _ in 0..<count {
            let value = try item(&self)
            if let fault = takeFault() { items.append(.failure(fault)) } else { items.append(.success(value)) }
        }
        return items
    }

    /// 1 through `Limits.batchCount` for a request; what a server has to say for a reply.
    mutating func batchCount(minimumBytes: Int) throws(CacheError) -> Int {
        let count = try count(minimumBytes: minimumBytes)
        if enforcesLimits, !(1...Limits.batchCount).contains(count) {
            throw .outOfRange("batch", limit: count == 0 ? 1 : Limits.batchCount, got: count)
        }
        return count
    }
}

extension ByteBuffer {
    /// - Parameter length: at most the readable bytes.
    /// - Returns: nil, with nothing read, when a byte is not ASCII.
    fileprivate mutating func readASCII(length: Int) -> String? {
        let string = withUnsafeReadableBytes { readable -> String? in
            let text = UnsafeRawBufferPointer(rebasing: readable.prefix(length))
            var highBits: UInt64 = 0
            var offset = 0
            while offset + 8 <= text.count {
                highBits |= text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                offset += 8
            }
            while offset < text.count {
                highBits |= UInt64(text[offset])
                offset += 1
            }
            return highBits & 0x8080_8080_8080_8080 == 0 ? String(decoding: text, as: UTF8.self) : nil
        }
        if string != nil { moveReaderIndex(forwardBy: length) }
        return string
    }
}

extension CacheError {
    static func outOfRange(_ field: String, limit: Int, got: Int) -> CacheError {
        CacheError(
            .invalidArgument, "\(field) is out of its range",
            detail: ["field": field, "limit": String(limit), "got": String(got)])
    }

    static func invalid(_ field: String, _ message: String) -> CacheError {
        CacheError(.invalidArgument, message, detail: ["field": field])
    }
}
