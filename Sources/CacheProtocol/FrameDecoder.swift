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
            guard let (header, bodyBytes) = try header(at: bytes.readerIndex, in: bytes) else { return nil }
            guard bytes.readableBytes - FrameHeader.bytes >= bodyBytes else { return nil }
            bytes.moveReaderIndex(forwardBy: FrameHeader.bytes)
            guard let body = bytes.readSlice(length: bodyBytes) else { return nil }
            return Frame(header: header, body: body)
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func header(at start: Int, in bytes: ByteBuffer) throws(CacheError) -> (FrameHeader, Int)? {
        guard let magic = bytes.getInteger(at: start, endianness: .little, as: UInt32.self) else { return nil }
        guard magic == FrameHeader.magic else {
            throw CacheError(.malformedFrame, "these bytes are not a frame of this protocol")
        }
        guard let version = bytes.getInteger(at: start + 4, as: UInt8.self) else { return nil }
        guard bytes.readableBytes >= FrameHeader.bytes,
            let opcodeNumber = bytes.getInteger(at: start + 5, as: UInt8.self),
            let flagBits = bytes.getInteger(at: start + 6, endianness: .little, as: UInt16.self),
            let bodyBytes = bytes.getInteger(at: start + 8, endianness: .little, as: UInt32.self),
            let identifier = bytes.getInteger(at: start + 12, endianness: .little, as: UInt64.self)
        else {
            // A reply to an unknown version needs the identifier only if it is there; it does not wait for it.
            if version != FrameHeader.version { throw unsupported(version) }
            return nil
        }
        failedRequestIdentifier = identifier
        guard version == FrameHeader.version else { throw unsupported(version) }
        guard let opcode = Opcode(rawValue: opcodeNumber) else {
            throw CacheError(.malformedFrame, "unknown opcode", detail: ["got": String(opcodeNumber)])
        }
        let flags = FrameHeader.Flags(rawValue: flagBits)
        guard flags.isSubset(of: .known), isExpected(opcode, flags, identifier) else {
            throw CacheError(.malformedFrame, "opcode, flags and request identifier of a frame do not go together")
        }
        guard bodyBytes <= bodyLimitBytes else {
            throw CacheError(
                .frameTooLarge, "the body of a frame is longer than the limit",
                detail: ["limit": String(bodyLimitBytes), "got": String(bodyBytes)])
        }
        failedRequestIdentifier = 0
        return (FrameHeader(opcode: opcode, flags: flags, requestIdentifier: identifier), Int(bodyBytes))
    }

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
