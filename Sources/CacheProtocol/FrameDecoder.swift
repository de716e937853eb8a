package import CacheModel
package import NIOCore

/// Cuts a stream of bytes into frames. A plain value: it keeps no bytes and knows no socket.
///
/// Magic and version are checked as soon as their bytes are there, opcode, flags, length and identifier with the
/// header, before the body is waited for. The first error is final: the stream has no place to start again, so the
/// connection is to be closed.
///
/// The body of a frame shares the storage of the bytes it was cut from. Decode a frame before more bytes are appended
/// to them, otherwise appending copies everything.
package struct FrameDecoder: Sendable {
    package enum Direction: Hashable, Sendable {
        /// What a server receives.
        case requests
        /// What a client receives.
        case replies
    }

    package let direction: Direction
    /// The longest body taken, in bytes. A server begins with `Limits.helloBytes` and raises it when HELLO was
    /// accepted.
    package var bodyLimitBytes: Int
    package private(set) var failure: CacheError?
    /// The identifier of the frame that failed, for the last error reply; 0 where it could not be read.
    package private(set) var failedRequestIdentifier: UInt64 = 0

    package init(expecting direction: Direction, bodyLimitBytes: Int = Limits.frameBytes) {
        self.direction = direction
        self.bodyLimitBytes = bodyLimitBytes
    }

    /// Takes the next frame off the front of `bytes`.
    ///
    /// - Returns: nil, with `bytes` untouched, when the frame has not arrived whole.
    /// - Throws: `.malformedFrame`, `.unsupportedVersion` or `.frameTooLarge`, and the same again from then on.
    package mutating func next(from bytes: inout ByteBuffer) throws(CacheError) -> Frame? {
        if let failure { throw failure }
        do throws(CacheError) {
            guard let (header, bodyBytes) = try header(in: bytes) else { return nil }
            guard bytes.readableBytes - FrameHeader.bytes >= bodyBytes else { return nil }
            bytes.moveReaderIndex(forwardBy: FrameHeader.bytes)
            guard let body = bytes.readSlice(length: bodyBytes) else { return nil }
            return Frame(header: header, body: body)
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func header(in bytes: ByteBuffer) throws(CacheError) -> (FrameHeader, Int)? {
        guard let fields = bytes.withUnsafeReadableBytes({ HeaderFields($0) }) else {
            try checkBeginning(of: bytes)
            return nil
        }
        guard fields.magic == FrameHeader.magic else { throw Self.foreign }
        failedRequestIdentifier = fields.identifier
        guard fields.version == FrameHeader.version else { throw unsupported(fields.version) }
        guard let opcode = Opcode(rawValue: fields.opcode) else {
            throw CacheError(.malformedFrame, "unknown opcode", detail: ["got": String(fields.opcode)])
        }
        let flags = FrameHeader.Flags(rawValue: fields.flags)
        guard flags.isSubset(of: .known), isExpected(opcode, flags, fields.identifier) else {
            throw CacheError(.malformedFrame, "opcode, flags and request identifier of a frame do not go together")
        }
        guard fields.bodyBytes <= bodyLimitBytes else {
            throw CacheError(
                .frameTooLarge, "the body of a frame is longer than the limit",
                detail: ["limit": String(bodyLimitBytes), "got": String(fields.bodyBytes)])
        }
        failedRequestIdentifier = 0
        return (FrameHeader(opcode: opcode, flags: flags, requestIdentifier: fields.identifier), Int(fields.bodyBytes))
    }

    /// Of less than a header. A reply to an unknown version needs the identifier only if it is there; it does not wait
    /// for it.
    private func checkBeginning(of bytes: ByteBuffer) throws(CacheError) {
        let start = bytes.readerIndex
        guard let magic = bytes.getInteger(at: start, endianness: .little, as: UInt32.self) else { return }
        guard magic == FrameHeader.magic else { throw Self.foreign }
        if let version = bytes.getInteger(at: start + 4, as: UInt8.self), version != FrameHeader.version {
            throw unsupported(version)
        }
    }

    private static let foreign = CacheError(.malformedFrame, "these bytes are not a frame of this protocol")

    private func isExpected(_ opcode: Opcode, _ flags: FrameHeader.Flags, _ identifier: UInt64) -> Bool {
        switch direction {
        case .requests: flags.isEmpty && opcode != .connection && identifier != 0
        case .replies where opcode == .connection: flags == [.reply, .error]
        case .replies: flags.contains(.reply) && identifier != 0
        }
    }

    private func unsupported(_ version: UInt8) -> CacheError {
        CacheError(
            .unsupportedVersion, "this version of the protocol is not spoken here",
            detail: ["got": String(version), "limit": String(FrameHeader.version)])
    }
}

/// A header as it stands on the wire, nothing of it checked.
private struct HeaderFields {
    var magic: UInt32
    var version: UInt8
    var opcode: UInt8
    var flags: UInt16
    var bodyBytes: UInt32
    var identifier: UInt64

    /// - Returns: nil for fewer bytes than a header has.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= FrameHeader.bytes else { return nil }
        magic = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        version = bytes[4]
        opcode = bytes[5]
        flags = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        bodyBytes = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        identifier = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt64.self))
    }
}
