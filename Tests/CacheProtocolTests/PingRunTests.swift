import CacheModel
import NIOCore
import Testing

@testable import CacheProtocol

@Suite struct PingRunTests {
    private func frames(_ requests: [(Request, UInt64)]) throws -> ByteBuffer {
        var bytes = ByteBuffer()
        for (request, identifier) in requests { try bytes.writeRequest(request, identifier: identifier) }
        return bytes
    }

    private func run(in bytes: ByteBuffer, limitBytes: Int = 1 << 20) -> PingRun {
        bytes.withUnsafeReadableBytes { PingRun(in: $0, limitBytes: limitBytes) }
    }

    @Test func theRepliesToARunAreThoseThatOneByOneWouldHave() throws {
        let echoes: [[UInt8]] = [[], [1], Array(0...255), [UInt8](repeating: 7, count: Limits.pingBytes)]
        let bytes = try frames(echoes.enumerated().map { (.ping($1), UInt64($0) << 40 | 1) })
        var expected = ByteBuffer()
        for (index, echo) in echoes.enumerated() {
            expected.writeReply(.ping(echo), identifier: UInt64(index) << 40 | 1)
        }
        var replies = ByteBuffer()
        let run = run(in: bytes)
        bytes.withUnsafeReadableBytes { replies.writeReplies(to: run, from: $0) }
        #expect(run.count == echoes.count)
        #expect(run.byteCount == bytes.readableBytes)
        #expect(replies == expected)
    }

    @Test func aRunEndsBeforeAFrameThatHasNotArrivedWhole() throws {
        let bytes = try frames([(.ping([1, 2]), 1), (.ping([3]), 2)])
        for length in 0..<bytes.readableBytes {
            let part = try #require(bytes.getSlice(at: bytes.readerIndex, length: length))
            #expect(run(in: part).count == (length >= FrameHeader.bytes + 2 ? 1 : 0))
        }
    }

    @Test(arguments: 0..<FrameHeader.bytes)
    func whatIsNotBeyondDoubtIsLeftToTheDecoder(damagedByte: Int) throws {
        var bytes = try frames([(.ping([]), 1), (.ping([]), 1)])
        let position = FrameHeader.bytes + damagedByte
        let value = try #require(bytes.getInteger(at: position, as: UInt8.self))
        // The identifier may be anything but 0.
        bytes.setInteger(damagedByte == 12 ? 0 : value ^ 0x80, at: position)
        #expect(run(in: bytes).count == (damagedByte > 12 ? 2 : 1))
    }

    @Test func anEchoBeyondTheLimitIsLeftToTheDecoder() throws {
        var bytes = ByteBuffer()
        try bytes.writeFrame(
            FrameHeader(opcode: .ping, flags: [], requestIdentifier: 1), bodyBytes: Limits.pingBytes + 1,
            bodyLimitBytes: Limits.frameBytes
        ) { $0.writeRepeatingByte(0, count: Limits.pingBytes + 1) }
        #expect(run(in: bytes).count == 0)
    }

    @Test func aRunEndsWithTheFrameThatReachesItsLimit() throws {
        let bytes = try frames((1...10).map { (.ping([]), $0) })
        #expect(run(in: bytes, limitBytes: 3 * FrameHeader.bytes).count == 3)
        #expect(run(in: bytes, limitBytes: 3 * FrameHeader.bytes + 1).count == 4)
        #expect(run(in: bytes, limitBytes: 0).count == 0)
    }
}
