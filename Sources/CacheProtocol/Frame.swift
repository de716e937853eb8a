import CacheModel
package import NIOCore

/// A whole frame: its header and the bytes of its body, which are a slice of what was received.
package struct Frame: Hashable, Sendable {
    package var header: FrameHeader
    package var body: ByteBuffer

    package init(header: FrameHeader, body: ByteBuffer) {
        self.header = header
        self.body = body
    }

    /// Header and body, in bytes: what the frame counts for in flow control.
    package var bytes: Int { FrameHeader.bytes + body.readableBytes }
}

/// The 20 bytes that every frame begins with; all integers are little-endian.
///
///     0  magic "SMBL"   4  version u8   5  opcode u8   6  flags u16   8  body length u32   12  request identifier u64
package struct FrameHeader: Hashable, Sendable {
    package static let bytes = 20
    package static let version: UInt8 = 1
    /// "SMBL" as it is read from a little-endian wire.
    static let magic: UInt32 = 0x4c42_4d53

    package struct Flags: OptionSet, Hashable, Sendable {
        package var rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let reply = Flags(rawValue: 1)
        /// Of a reply: the body is an error instead of what was asked for.
        package static let error = Flags(rawValue: 2)
        static let known: Flags = [.reply, .error]
    }

    package var opcode: Opcode
    package var flags: Flags
    /// Chosen by the client, not 0, unique among its unanswered requests. 0 in a reply about the connection itself.
    package var requestIdentifier: UInt64

    package init(opcode: Opcode, flags: Flags, requestIdentifier: UInt64) {
        self.opcode = opcode
        self.flags = flags
        self.requestIdentifier = requestIdentifier
    }
}

extension ByteBuffer {
    /// Appends one frame, or, when `body` throws or the frame would be longer than the limit, nothing.
    ///
    /// - Parameters:
    ///   - bodyBytes: the exact length of what `body` writes, for which room is made once.
    ///   - bodyLimitBytes: the longest body that the other side takes.
    /// - Throws: `.frameTooLarge`, before anything is written, and what `body` throws.
    mutating func writeFrame(
        _ header: FrameHeader, bodyBytes: Int, bodyLimitBytes: Int,
        _ body: (inout ByteBuffer) throws(CacheError) -> Void
    ) throws(CacheError) {
        guard bodyBytes <= min(bodyLimitBytes, Int(UInt32.max >> 1)) else {
            throw CacheError(
                .frameTooLarge, "a frame's body is longer than the other side takes",
                detail: ["limit": String(bodyLimitBytes), "got": String(bodyBytes)])
        }
        let start = writerIndex
        reserveCapacity(minimumWritableBytes: FrameHeader.bytes + bodyBytes)
        writeMultipleIntegers(
            FrameHeader.magic, FrameHeader.version, header.opcode.rawValue, header.flags.rawValue, UInt32(bodyBytes),
            header.requestIdentifier, endianness: .little)
        let bodyStart = writerIndex
        do throws(CacheError) {
            try body(&self)
        } catch {
            moveWriterIndex(to: start)
            throw error
        }
        assert(writerIndex - bodyStart == bodyBytes, "measured \(bodyBytes), wrote \(writerIndex - bodyStart)")
        setInteger(UInt32(writerIndex - bodyStart), at: start + 8, endianness: .little)
    }
}
