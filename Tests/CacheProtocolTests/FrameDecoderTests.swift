import CacheModel
import CacheProtocol
import NIOCore
import Testing

@Suite struct FrameDecoderTests {
    /// A header alone, as nobody's encoder would write it.
    private func header(
        magic: String = "SMBL", version: UInt8 = 1, opcode: UInt8 = 2, flags: UInt16 = 0, bodyBytes: UInt32 = 0,
        identifier: UInt64 = 9
    ) -> ByteBuffer {
        var bytes = ByteBuffer(string: magic)
        bytes.writeInteger(version)
        bytes.writeInteger(opcode)
        bytes.writeInteger(flags, endianness: .little)
        bytes.writeInteger(bodyBytes, endianness: .little)
        bytes.writeInteger(identifier, endianness: .little)
        return bytes
    }

    private func failure(
        _ bytes: ByteBuffer, expecting direction: FrameDecoder.Direction = .requests, limit: Int = Limits.frameBytes
    ) -> (CacheError.Code?, UInt64) {
        var decoder = FrameDecoder(expecting: direction, bodyLimitBytes: limit)
        var bytes = bytes
        do {
            _ = try decoder.next(from: &bytes)
            return (nil, 0)
        } catch {
            return (error.code, decoder.failedRequestIdentifier)
        }
    }

    @Test func aFrameLongerThanTheLimitIsRefusedBeforeItsBodyArrives() {
        #expect(failure(header(bodyBytes: UInt32(Limits.frameBytes) + 1)) == (.frameTooLarge, 9))
        #expect(failure(header(bodyBytes: .max)) == (.frameTooLarge, 9))
        #expect(failure(header(bodyBytes: UInt32(Limits.frameBytes))) == (nil, 0))
        #expect(failure(header(bodyBytes: 1_025), limit: Limits.helloBytes) == (.frameTooLarge, 9))
        #expect(failure(header(bodyBytes: 1_024), limit: Limits.helloBytes) == (nil, 0))
    }

    @Test func theLimitMayBeRaisedBetweenFrames() throws {
        var decoder = FrameDecoder(expecting: .requests, bodyLimitBytes: 8)
        var bytes = header(bodyBytes: 8)
        bytes.writeRepeatingByte(1, count: 8)
        bytes.writeImmutableBuffer(header(bodyBytes: 9))
        bytes.writeRepeatingByte(2, count: 9)
        let first = try decoder.next(from: &bytes)
        #expect(first?.body == ByteBuffer(repeating: 1, count: 8))
        decoder.bodyLimitBytes = 9
        let second = try decoder.next(from: &bytes)
        #expect(second?.body == ByteBuffer(repeating: 2, count: 9))
    }

    @Test func whatIsNoFrameIsRefusedWithItsFirstBytes() {
        #expect(failure(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n")) == (.malformedFrame, 0))
        #expect(failure(ByteBuffer(string: "SMBK")) == (.malformedFrame, 0))
        #expect(failure(ByteBuffer(string: "SMB")) == (nil, 0))
        #expect(failure(ByteBuffer()) == (nil, 0))
    }

    @Test func anotherVersionIsRefusedAndNamesItsRequestOnceTheHeaderIsThere() {
        #expect(failure(header(version: 2)) == (.unsupportedVersion, 9))
        #expect(failure(header(version: 0)) == (.unsupportedVersion, 9))
        #expect(failure(ByteBuffer(string: "SMBL\u{2}")) == (.unsupportedVersion, 0))
        // Everything else in the header of another version means nothing here.
        #expect(failure(header(version: 2, opcode: 0xee, flags: .max, bodyBytes: .max)) == (.unsupportedVersion, 9))
    }

    @Test func anUnknownOpcodeIsRefused() {
        let known = Set(Opcode.allCases.map(\.rawValue))
        for opcode in UInt8.min...UInt8.max where !known.contains(opcode) {
            #expect(failure(header(opcode: opcode)) == (.malformedFrame, 9))
        }
    }

    @Test func flagsOpcodeAndIdentifierMustGoTogether() {
        for flags in [UInt16(1), 2, 3, 4, 0x8000] {
            #expect(failure(header(flags: flags)) == (.malformedFrame, 9), "request with flags \(flags)")
        }
        #expect(failure(header(identifier: 0)) == (.malformedFrame, 0))
        #expect(failure(header(opcode: 0)) == (.malformedFrame, 9))

        #expect(failure(header(flags: 1), expecting: .replies) == (nil, 0))
        #expect(failure(header(flags: 3), expecting: .replies) == (nil, 0))
        for flags in [UInt16(0), 2, 4, 5, 0x8001] {
            #expect(failure(header(flags: flags), expecting: .replies) == (.malformedFrame, 9))
        }
        #expect(failure(header(flags: 1, identifier: 0), expecting: .replies) == (.malformedFrame, 0))
        #expect(failure(header(opcode: 0, flags: 3, identifier: 0), expecting: .replies) == (nil, 0))
        #expect(failure(header(opcode: 0, flags: 3), expecting: .replies) == (nil, 0))
        #expect(failure(header(opcode: 0, flags: 1), expecting: .replies) == (.malformedFrame, 9))
    }

    @Test func nothingIsReadAfterTheFirstError() throws {
        var decoder = FrameDecoder(expecting: .requests)
        var bytes = header(opcode: 0xee)
        #expect(throws: CacheError.self) { try decoder.next(from: &bytes) }
        var good = header()
        #expect(throws: try #require(decoder.failure)) { try decoder.next(from: &good) }
        #expect(good.readableBytes == FrameHeader.bytes)
    }

    @Test func framesThatDripInByteByByteAreWholeExactlyWithTheirLastByte() throws {
        var decoder = FrameDecoder(expecting: .requests)
        var stream = ByteBuffer()
        for golden in GoldenFrames.requests {
            let fixture = try HexFixture.bytes(golden.name)
            for (index, byte) in fixture.enumerated() {
                stream.writeInteger(byte)
                let readable = stream.readableBytes
                let frame = try decoder.next(from: &stream)
                #expect((frame != nil) == (index == fixture.count - 1))
                if let frame {
                    #expect(try Request(frame) == golden.request)
                } else {
                    #expect(stream.readableBytes == readable)
                }
            }
        }
    }

    @Test func framesThatArriveGluedTogetherAreCutApart() throws {
        var stream = ByteBuffer()
        for golden in GoldenFrames.replies { stream.writeBytes(try HexFixture.bytes(golden.name)) }
        var decoder = FrameDecoder(expecting: .replies)
        for golden in GoldenFrames.replies {
            let frame = try #require(try decoder.next(from: &stream))
            #expect(try Reply(frame) == golden.reply)
        }
        #expect(try decoder.next(from: &stream) == nil)
        #expect(stream.readableBytes == 0)
    }

    @Test func everyHelloFitsInTheLimitBeforeHello() throws {
        let longest = HelloRequest(
            clientName: String(repeating: "n", count: Limits.clientNameBytes),
            token: Array(repeating: 1, count: Limits.tokenBytes))
        var bytes = ByteBuffer()
        try bytes.writeRequest(.hello(longest), identifier: 1)
        var decoder = FrameDecoder(expecting: .requests, bodyLimitBytes: Limits.helloBytes)
        let frame = try #require(try decoder.next(from: &bytes))
        #expect(try Request(frame) == .hello(longest))
    }
}
