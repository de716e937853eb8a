import CacheModel
import CacheProtocol
import NIOCore
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: Opcode.allCases.filter { $0 != .connection })
    func aRequestIsReadAsItWasWritten(opcode: Opcode) throws {
        var generator = MessageGenerator(seed: 100 + UInt64(opcode.rawValue))
        for identifier in UInt64(1)...40 {
            let generated = generator.request(opcode)
            let request = try #require(generated)
            var bytes = ByteBuffer()
            try bytes.writeRequest(request, identifier: identifier)
            #expect(bytes.readableBytes == FrameHeader.bytes + request.bodyBytes())
            var decoder = FrameDecoder(expecting: .requests)
            let frame = try #require(try decoder.next(from: &bytes))
            #expect(frame.header == FrameHeader(opcode: opcode, flags: [], requestIdentifier: identifier))
            #expect(bytes.readableBytes == 0)
            #expect(try Request(frame) == request)
        }
    }

    @Test(arguments: Opcode.allCases)
    func aReplyIsReadAsItWasWritten(opcode: Opcode) throws {
        var generator = MessageGenerator(seed: 200 + UInt64(opcode.rawValue))
        for identifier in UInt64(1)...40 {
            let reply = generator.reply(opcode)
            var bytes = ByteBuffer()
            bytes.writeReply(reply, identifier: identifier)
            var decoder = FrameDecoder(expecting: .replies)
            let frame = try #require(try decoder.next(from: &bytes))
            #expect(frame.header.opcode == opcode)
            #expect(frame.header.requestIdentifier == identifier)
            #expect(bytes.readableBytes == 0)
            #expect(try Reply(frame) == reply)
        }
    }

    @Test func halfPrecisionOnTheWireIsTheNearestHalf() throws {
        var generator = MessageGenerator(seed: 7)
        for dimension in [1, 3, 384, Limits.dimensionRange.upperBound] {
            let vector = (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator.random) }
            let request = Request.lookup(LookupRequest(namespace: "n", [Lookup(vector: vector)]))
            var bytes = ByteBuffer()
            try bytes.writeRequest(request, identifier: 1, vectors: .float16)
            #expect(bytes.readableBytes == FrameHeader.bytes + request.bodyBytes(vectors: .float16))
            var decoder = FrameDecoder(expecting: .requests)
            let frame = try #require(try decoder.next(from: &bytes))
            guard case .lookup(let read) = try Request(frame), let halves = try read.lookups[0].get().vector else {
                Issue.record("no vector")
                return
            }
            #expect(halves.count == dimension)
            // Half a unit in the last place of 11 significant bits, or of the smallest subnormal.
            #expect(zip(halves, vector).allSatisfy { abs($0 - $1) <= max(abs($1) * 0x1p-11, 0x1p-25) })
        }
    }

    @Test func aRequestThatCannotBeWrittenLeavesTheBytesAsTheyWere() throws {
        var bytes = ByteBuffer(string: "before")
        let impossible: [(Request, CacheError.Code)] = [
            (.dropNamespace(String(repeating: "n", count: 70_000)), .invalidArgument),
            (
                .lookup(LookupRequest(namespace: "n", [Lookup(vector: Array(repeating: 0, count: 70_000))])),
                .invalidArgument
            ),
            (.lookup(LookupRequest(namespace: "n", [Lookup(vector: [1], neighbors: -1)])), .invalidArgument),
            (
                .lookup(LookupRequest(namespace: "n", lookups: [.failure(CacheError(.invalidVector, ""))])),
                .invalidVector
            ),
            (.ping(Array(repeating: 0, count: Limits.frameBytes + 1)), .frameTooLarge),
        ]
        for (request, code) in impossible {
            let error = #expect(throws: CacheError.self) { try bytes.writeRequest(request, identifier: 1) }
            #expect(error?.code == code)
            #expect(String(buffer: bytes) == "before")
        }
    }

    @Test func aReplyThatIsTooLongBecomesAnErrorReplyOfItsOpcode() throws {
        var bytes = ByteBuffer()
        bytes.writeReply(.statistics(String(repeating: "x", count: 2_000)), identifier: 3, bodyLimitBytes: 1_000)
        let overlong = String(repeating: "x", count: 70_000)
        bytes.writeReply(.hello(HelloReply(serverVersion: overlong, position: .zero)), identifier: 4)
        var decoder = FrameDecoder(expecting: .replies)
        for (identifier, opcode) in [(UInt64(3), Opcode.statistics), (4, .hello)] {
            let frame = try #require(try decoder.next(from: &bytes))
            #expect(frame.header.requestIdentifier == identifier)
            guard case .failure(let error, opcode) = try Reply(frame) else {
                Issue.record("not an error reply of its opcode")
                return
            }
            #expect(error.code == .limitExceeded)
        }
        #expect(bytes.readableBytes == 0)
    }
}
