import CacheModel
import CacheProtocol
import NIOCore
import Testing

@Suite struct GoldenFrameTests {
    @Test(arguments: GoldenFrames.requests.indices)
    func aRequestIsWrittenAndReadAsItsFixtureSays(index: Int) throws {
        let golden = GoldenFrames.requests[index]
        let fixture = try HexFixture.bytes(golden.name)
        var written = ByteBuffer()
        try written.writeRequest(golden.request, identifier: golden.identifier, vectors: golden.vectors)
        #expect(Array(written.readableBytesView) == fixture, "\(golden.name)")

        var decoder = FrameDecoder(expecting: .requests)
        var received = ByteBuffer(bytes: fixture)
        let frame = try #require(try decoder.next(from: &received))
        #expect(frame.header.requestIdentifier == golden.identifier)
        #expect(frame.bytes == fixture.count)
        #expect(received.readableBytes == 0)
        #expect(try Request(frame) == golden.request)
    }

    @Test(arguments: GoldenFrames.replies.indices)
    func aReplyIsWrittenAndReadAsItsFixtureSays(index: Int) throws {
        let golden = GoldenFrames.replies[index]
        let fixture = try HexFixture.bytes(golden.name)
        var written = ByteBuffer()
        written.writeReply(golden.reply, identifier: golden.identifier)
        #expect(Array(written.readableBytesView) == fixture, "\(golden.name)")

        var decoder = FrameDecoder(expecting: .replies)
        var received = ByteBuffer(bytes: fixture)
        let frame = try #require(try decoder.next(from: &received))
        #expect(frame.header.requestIdentifier == golden.identifier)
        #expect(received.readableBytes == 0)
        #expect(try Reply(frame) == golden.reply)
    }

    @Test func everyFixtureIsCheckedAndEveryOpcodeHasOne() throws {
        let names = GoldenFrames.requests.map(\.name) + GoldenFrames.replies.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(try HexFixture.names() == Set(names))
        let opcodes = Set(Opcode.allCases)
        #expect(Set(GoldenFrames.requests.map(\.request.opcode)) == opcodes.subtracting([.connection]))
        #expect(Set(GoldenFrames.replies.map(\.reply.opcode)) == opcodes)
    }
}
