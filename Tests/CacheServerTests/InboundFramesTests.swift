import CacheModel
import CacheProtocol
import CacheServer
import NIOCore
import Testing

@Suite struct InboundFramesTests {
    private func stream() throws -> ByteBuffer {
        var bytes = ByteBuffer()
        try bytes.writeRequest(.ping([1, 2, 3]), identifier: 1)
        try bytes.writeRequest(.statistics, identifier: 2)
        try bytes.writeRequest(.ping([UInt8](repeating: 9, count: 300)), identifier: 3)
        return bytes
    }

    /// The frames do not depend on how the bytes were cut.
    @Test(arguments: [1, 2, 7, 19, 20, 21, 23, 64, 1_000])
    func framesAreTheSameHoweverTheBytesCome(_ partBytes: Int) throws {
        var stream = try stream()
        var frames = InboundFrames()
        var identifiers: [UInt64] = []
        while let part = stream.readSlice(length: min(partBytes, stream.readableBytes)), part.readableBytes > 0 {
            frames.append(part)
            while let frame = try frames.next() { identifiers.append(frame.header.requestIdentifier) }
        }
        #expect(identifiers == [1, 2, 3])
        #expect(!frames.isInsideFrame)
    }

    @Test func aLongFrameIsTakenOnlyAfterHello() throws {
        var bytes = ByteBuffer()
        try bytes.writeRequest(.lookup([Float](repeating: 1, count: 500)), identifier: 4)
        var frames = InboundFrames()
        frames.append(bytes)
        let error = #expect(throws: CacheError.self) { _ = try frames.next() }
        #expect(error?.code == .frameTooLarge)
        #expect(frames.failedRequestIdentifier == 4)
        frames = InboundFrames()
        frames.acceptLongFrames()
        frames.append(bytes)
        let identifier = try frames.next()?.header.requestIdentifier
        #expect(identifier == 4)
    }

    @Test func aFrameThatIsGivenUpIsSkippedToItsEnd() throws {
        var bytes = try stream()
        var frames = InboundFrames()
        frames.append(bytes.readSlice(length: 10) ?? ByteBuffer())
        #expect(frames.dropPartialFrame() == nil, "without a header nobody knows where it ends")
        frames.append(bytes.readSlice(length: 11) ?? ByteBuffer())
        let dropped = frames.dropPartialFrame()
        #expect(dropped?.opcode == .ping)
        #expect(dropped?.identifier == 1)
        #expect(frames.waitingBytes == 0 && frames.isInsideFrame)
        frames.append(bytes)
        let next = try frames.next()
        #expect(next?.header.requestIdentifier == 2)
    }
}
