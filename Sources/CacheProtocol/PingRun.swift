import CacheModel
package import NIOCore

/// PINGs that stand whole, one behind the other, at the front of some bytes.
///
/// The reply to a PING is the same frame with the flag of a reply, so a run of them is answered by copying it, without
/// a frame, a request and a reply for each. What is not beyond doubt ends the run and is left to `FrameDecoder`.
package struct PingRun: Hashable, Sendable {
    package private(set) var count = 0
    /// Of all its frames.
    package private(set) var byteCount = 0

    private static let flagsOffset = 6
    private static let lengthOffset = 8
    private static let identifierOffset = 12
    /// Magic, version, opcode and the flags of a request, as they are read from a little-endian wire.
    private static let prefix =
        UInt64(FrameHeader.magic) | UInt64(FrameHeader.version) << 32 | UInt64(Opcode.ping.rawValue) << 40

    /// - Parameter limitBytes: the run ends with the frame that reaches it.
    package init(in bytes: UnsafeRawBufferPointer, limitBytes: Int) {
        while byteCount < limitBytes, let frameBytes = Self.frameBytes(at: byteCount, in: bytes) {
            count += 1
            byteCount += frameBytes
        }
    }

    /// The length of the PING there; nil for anything else, and for a part of one.
    private static func frameBytes(at start: Int, in bytes: UnsafeRawBufferPointer) -> Int? {
        let available = bytes.count - start
        guard available >= FrameHeader.bytes,
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)) == prefix,
            bytes.loadUnaligned(fromByteOffset: start + identifierOffset, as: UInt64.self) != 0
        else { return nil }
        let body = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start + lengthOffset, as: UInt32.self)))
        guard body <= Limits.pingBytes, available - FrameHeader.bytes >= body else { return nil }
        return FrameHeader.bytes + body
    }

    /// Turns a copy of the run into the replies.
    fileprivate func markAsReplies(_ copy: UnsafeMutableRawBufferPointer) {
        let flags = FrameHeader.Flags.reply.rawValue.littleEndian
        var start = 0
        for _ in 0..<count {
            copy.storeBytes(of: flags, toByteOffset: start + Self.flagsOffset, as: UInt16.self)
            let body = UInt32(
                littleEndian: copy.loadUnaligned(fromByteOffset: start + Self.lengthOffset, as: UInt32.self))
            start += FrameHeader.bytes + Int(body)
        }
    }
}

extension ByteBuffer {
    /// Appends the replies to a run of PINGs.
    ///
    /// - Parameter bytes: those that the run was found in.
    package mutating func writeReplies(to run: PingRun, from bytes: UnsafeRawBufferPointer) {
        guard run.byteCount > 0, run.byteCount <= bytes.count else { return }
        writeWithUnsafeMutableBytes(minimumWritableBytes: run.byteCount) { target in
            let copy = UnsafeMutableRawBufferPointer(rebasing: target[..<run.byteCount])
            copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<run.byteCount]))
            run.markAsReplies(copy)
            return run.byteCount
        }
    }
}
