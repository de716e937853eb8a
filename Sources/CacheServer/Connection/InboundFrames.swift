package import CacheModel
package import CacheProtocol
package import NIOCore

/// The input of one connection on its way to frames.
package struct InboundFrames {
    private var decoder = FrameDecoder(expecting: .requests, bodyLimitBytes: Limits.helloBytes)
    private var bytes = ByteBuffer()
    /// What is still to come of a frame that nobody wants.
    private var unwantedBytes = 0

    package init() {}

    /// Bytes that have arrived and belong to no frame that was taken.
    package var waitingBytes: Int { bytes.readableBytes }
    /// Whether a frame has begun, wanted or not.
    package var isInsideFrame: Bool { unwantedBytes > 0 || bytes.readableBytes > 0 }
    package var failedRequestIdentifier: UInt64 { decoder.failedRequestIdentifier }

    /// Frames of full size are taken from now on.
    package mutating func acceptLongFrames() { decoder.bodyLimitBytes = Limits.frameBytes }

    package mutating func append(_ new: consuming ByteBuffer) {
        if unwantedBytes > 0 {
            let dropped = min(unwantedBytes, new.readableBytes)
            new.moveReaderIndex(forwardBy: dropped)
            unwantedBytes -= dropped
        }
        guard new.readableBytes > 0 else { return }
        if bytes.readableBytes == 0 {
            bytes = new
        } else {
            // Frames that were taken leave a gap in front; closing it costs no more than the frames did.
            if bytes.readerIndex > bytes.readableBytes { bytes.discardReadBytes() }
            bytes.writeBuffer(&new)
        }
    }

    /// Takes the next frame. Let go of it before more is appended: its body shares the storage of what waits.
    package mutating func next() throws(CacheError) -> Frame? {
        guard bytes.readableBytes > 0 else { return nil }
        let frame = try decoder.next(from: &bytes)
        // Storage of the size of one large frame is not kept for small ones.
        if bytes.readableBytes == 0 { bytes = ByteBuffer() }
        return frame
    }

    /// Takes the PINGs at the front, and writes their replies.
    ///
    /// - Returns: how many they are.
    package mutating func echoPings(into output: inout ReplyOutput) -> Int {
        guard unwantedBytes == 0 else { return 0 }
        let run = bytes.withUnsafeReadableBytes { output.appendReplies(toPingsIn: $0) }
        bytes.moveReaderIndex(forwardBy: run.byteCount)
        if run.count > 0, bytes.readableBytes == 0 { bytes = ByteBuffer() }
        return run.count
    }

    /// Gives the frame up that has begun and not arrived whole, bytes that are yet to come included.
    ///
    /// - Returns: its opcode and identifier; nil, and nothing is given up, when not even its header is there.
    package mutating func dropPartialFrame() -> (opcode: Opcode, identifier: UInt64)? {
        // The decoder has checked the header as soon as it was there whole. Its layout is that of `FrameHeader`.
        let start = bytes.readerIndex
        guard bytes.readableBytes >= FrameHeader.bytes,
            let opcode = bytes.getInteger(at: start + 5, as: UInt8.self).flatMap(Opcode.init(rawValue:)),
            let bodyBytes = bytes.getInteger(at: start + 8, endianness: .little, as: UInt32.self),
            let identifier = bytes.getInteger(at: start + 12, endianness: .little, as: UInt64.self)
        else { return nil }
        unwantedBytes = max(0, FrameHeader.bytes + Int(bodyBytes) - bytes.readableBytes)
        bytes = ByteBuffer()
        return (opcode, identifier)
    }

    /// Forgets everything.
    package mutating func drop() {
        bytes = ByteBuffer()
        unwantedBytes = 0
    }
}
