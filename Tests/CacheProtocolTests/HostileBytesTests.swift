import CacheModel
import CacheProtocol
import NIOCore
import Testing

/// Bytes that no honest peer sends: every one must be an error, none a trap.
@Suite struct HostileBytesTests {
    private func frame(
        _ opcode: Opcode, _ body: some Sequence<UInt8>, flags: FrameHeader.Flags = []
    ) -> Frame {
        Frame(
            header: FrameHeader(opcode: opcode, flags: flags, requestIdentifier: 1), body: ByteBuffer(bytes: body))
    }

    private func requestError(_ frame: Frame) -> CacheError? {
        do {
            _ = try Request(frame)
            return nil
        } catch {
            return error
        }
    }

    private func replyError(_ frame: Frame) -> CacheError? {
        do {
            _ = try Reply(frame)
            return nil
        } catch {
            return error
        }
    }

    @Test func aFrameThatIsCutAnywhereWaitsForMore() throws {
        for golden in GoldenFrames.requests {
            let fixture = try HexFixture.bytes(golden.name)
            for length in 0..<fixture.count {
                var decoder = FrameDecoder(expecting: .requests)
                var bytes = ByteBuffer(bytes: fixture.prefix(length))
                #expect(try decoder.next(from: &bytes) == nil)
                #expect(bytes.readableBytes == length)
            }
        }
    }

    @Test(arguments: GoldenFrames.requests.indices)
    func aRequestWhoseBodyIsCutAnywhereIsMalformed(index: Int) throws {
        let golden = GoldenFrames.requests[index]
        let opcode = golden.request.opcode
        guard opcode != .ping else { return }
        let body = try HexFixture.bytes(golden.name).dropFirst(FrameHeader.bytes)
        for length in 0..<body.count {
            #expect(requestError(frame(opcode, body.prefix(length)))?.code == .malformedFrame, "cut to \(length)")
        }
        #expect(requestError(frame(opcode, body + [0]))?.code == .malformedFrame)
    }

    @Test(arguments: GoldenFrames.replies.indices)
    func aReplyWhoseBodyIsCutAnywhereIsMalformed(index: Int) throws {
        let golden = GoldenFrames.replies[index]
        let opcode = golden.reply.opcode
        guard opcode != .ping else { return }
        var flags: FrameHeader.Flags = .reply
        if case .failure = golden.reply { flags.insert(.error) }
        let body = try HexFixture.bytes(golden.name).dropFirst(FrameHeader.bytes)
        for length in 0..<body.count {
            let error = replyError(frame(opcode, body.prefix(length), flags: flags))
            #expect(error?.code == .malformedFrame, "cut to \(length)")
        }
        #expect(replyError(frame(opcode, body + [0], flags: flags))?.code == .malformedFrame)
    }

    @Test func countsAndLengthsThatLieAreRefusedForWhatIsThere() {
        let name: [UInt8] = [1, 0, 0x6e]
        let scope = [UInt8](repeating: 0, count: 16)
        let most: [UInt8] = [0xff, 0xff]
        let lies: [(Opcode, [UInt8])] = [
            (.lookup, [0xff, 0xff, 0x6e]),
            (.lookup, name + most),
            (.insert, name + [0, 0] + most),
            (.delete, name + [0] + most + [UInt8](repeating: 1, count: 80)),
            (.invalidate, name + most),
            (.lease, name + most),
            // A lookup with 65,535 sources, and one with a vector of 65,535 components, of which none is there.
            (.lookup, name + [1, 0, 0, 1, 0] + scope + most + [1, 0, 0]),
            (.lookup, name + [1, 0, 0, 1, 0] + scope + [0, 0, 1] + most),
            // An insertion with a prompt, and one with a payload, of 4 GiB.
            (
                .insert,
                name + [0, 0, 1, 0, 2] + scope + [UInt8](repeating: 0, count: 10) + most + most
                    + [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
            ),
            (
                .insert,
                name + [0, 0, 1, 0, 0] + scope + [UInt8](repeating: 0, count: 10) + [0, 0, 0, 0, 1, 0, 0] + most + most
            ),
            (.hello, [1, 1, 0, 0] + most),
        ]
        for (index, (opcode, body)) in lies.enumerated() {
            #expect(requestError(frame(opcode, body))?.code == .malformedFrame, "lie \(index)")
        }
        #expect(replyError(frame(.listNamespaces, most + most, flags: .reply))?.code == .malformedFrame)
        #expect(replyError(frame(.statistics, most + most, flags: .reply))?.code == .malformedFrame)
        #expect(replyError(frame(.insert, most, flags: .reply))?.code == .malformedFrame)
        #expect(replyError(frame(.get, [1, 0, 0, 0] + most, flags: [.reply, .error]))?.code == .malformedFrame)
    }

    /// The fixture with some bytes of its body replaced.
    private func altered(_ name: String, _ changes: [(at: Int, to: UInt8)]) throws -> [UInt8] {
        var body = Array(try HexFixture.bytes(name).dropFirst(FrameHeader.bytes))
        for change in changes { body[change.at] = change.to }
        return body
    }

    @Test func reservedBitsAndUnknownKindsAreMalformed() throws {
        // Flags of a lookup, element type of its vector, change and expectation of an invalidation, kind of a purge.
        let requests: [(Opcode, String, Int, UInt8)] = [
            (.lookup, "lookup-request", 11, 0x40), (.lookup, "lookup-request", 11, 0x80),
            (.lookup, "lookup-request", 32, 0), (.lookup, "lookup-request", 32, 3),
            (.insert, "insert-request", 29, 0x1f), (.get, "get-request", 9, 2),
            (.purge, "purge-scope-request", 9, 0), (.purge, "purge-scope-request", 9, 3),
            (.invalidate, "invalidate-request", 23, 2), (.invalidate, "invalidate-request", 24, 0),
            (.invalidate, "invalidate-request", 24, 5),
            (.createNamespace, "create-namespace-request", 9, 7),
        ]
        for (opcode, name, offset, value) in requests {
            let body = try altered(name, [(offset, value)])
            #expect(requestError(frame(opcode, body))?.code == .malformedFrame, "\(name) at \(offset)")
        }
        let replies: [(Opcode, String, Int, UInt8)] = [
            (.lookup, "lookup-explained-reply", 37, 0), (.lookup, "lookup-explained-reply", 37, 4),
            (.lookup, "lookup-reply", 2, 3), (.lookup, "lookup-reply", 39, 3), (.lookup, "lookup-reply", 44, 0x20),
            (.insert, "insert-reply", 2, 4), (.invalidate, "invalidate-reply", 2, 3), (.delete, "delete-reply", 2, 2),
            (.lease, "lease-reply", 26, 3), (.get, "get-reply", 0, 0x3f),
        ]
        for (opcode, name, offset, value) in replies {
            let body = try altered(name, [(offset, value)])
            #expect(replyError(frame(opcode, body, flags: .reply))?.code == .malformedFrame, "\(name) at \(offset)")
        }
    }

    @Test func hitsWithoutAHitAreMalformed() throws {
        let reply = LookupReply(
            outcome: .hits([]), lease: GoldenFrames.lease(1), sourceSequences: [], searchNanoseconds: 0)
        var bytes = ByteBuffer()
        bytes.writeReply(.lookup([reply]), identifier: 1)
        var decoder = FrameDecoder(expecting: .replies)
        let frame = try #require(try decoder.next(from: &bytes))
        #expect(replyError(frame)?.code == .malformedFrame)
    }

    @Test func textThatIsNotStrictUTF8IsMalformed() {
        let bad: [[UInt8]] = [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe8, 0xaa], [0x80],
        ]
        for bytes in bad {
            let body = [UInt8(bytes.count), 0] + bytes
            #expect(requestError(frame(.dropNamespace, body))?.code == .malformedFrame)
        }
        #expect(requestError(frame(.dropNamespace, [3, 0, 0xe8, 0xaa, 0x9e])) == nil)
        // One bad byte at every place of a longer text.
        for place in 0..<20 {
            var body = [20, 0] + [UInt8](repeating: 0x61, count: 20)
            body[2 + place] = 0xff
            #expect(requestError(frame(.dropNamespace, body))?.code == .malformedFrame, "at \(place)")
        }
    }

    /// A decoded message is written and read again: the same bytes must come out, whatever was in the mutated ones.
    private func isStable(_ frame: Frame, direction: FrameDecoder.Direction) throws -> Bool {
        func write(_ frame: Frame) throws -> ByteBuffer? {
            var bytes = ByteBuffer()
            switch direction {
            case .requests:
                guard let request = try? Request(frame) else { return nil }
                // A batch with a refused item is a good message that cannot be sent.
                guard (try? bytes.writeRequest(request, identifier: 1)) != nil else { return nil }
            case .replies:
                guard let reply = try? Reply(frame) else { return nil }
                bytes.writeReply(reply, identifier: 1)
            }
            return bytes
        }
        guard let first = try write(frame) else { return false }
        var decoder = FrameDecoder(expecting: direction)
        var bytes = first
        let again = try #require(try decoder.next(from: &bytes))
        #expect(try write(again) == first)
        return true
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func mutatedBodiesNeverTrapAndWhatIsReadIsWrittenTheSameAgain(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var seeds: [(Opcode, FrameHeader.Flags, [UInt8])] = []
        for golden in GoldenFrames.requests {
            seeds.append((golden.request.opcode, [], try HexFixture.bytes(golden.name)))
        }
        for golden in GoldenFrames.replies {
            let isFailure = if case .failure = golden.reply { true } else { false }
            let flags: FrameHeader.Flags = isFailure ? [.reply, .error] : .reply
            seeds.append((golden.reply.opcode, flags, try HexFixture.bytes(golden.name)))
        }
        var acceptedCount = 0
        var refusedCount = 0
        for _ in 0..<10_000 {
            let (opcode, flags, bytes) = seeds[Int.random(in: seeds.indices, using: &random)]
            var body = Array(bytes.dropFirst(FrameHeader.bytes))
            for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&body, using: &random) }
            let isRead = try isStable(
                frame(opcode, body, flags: flags), direction: flags.contains(.reply) ? .replies : .requests)
            if isRead { acceptedCount += 1 } else { refusedCount += 1 }
        }
        // The mutations are neither so wild that nothing is read, nor so tame that all is.
        #expect(acceptedCount > 500)
        #expect(refusedCount > 500)
    }

    @Test func mutatedStreamsNeverTrap() throws {
        var random = SeededGenerator(seed: 5)
        var stream: [UInt8] = []
        for golden in GoldenFrames.requests { stream += try HexFixture.bytes(golden.name) }
        var frameCount = 0
        var errorCount = 0
        for _ in 0..<2_000 {
            var bytes = stream
            mutate(&bytes, using: &random)
            var decoder = FrameDecoder(expecting: .requests)
            var received = ByteBuffer(bytes: bytes)
            do {
                while let frame = try decoder.next(from: &received) {
                    frameCount += 1
                    if let error = requestError(frame), error.closesConnection { throw error }
                }
            } catch {
                errorCount += 1
            }
        }
        #expect(frameCount > 2_000)
        #expect(errorCount > 100)
    }

    private func mutate(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return bytes.append(0) }
        let index = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[index] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
        case 2: bytes[index] = .random(in: .min ... .max, using: &random)
        case 3: bytes.insert(.random(in: .min ... .max, using: &random), at: index)
        case 4: bytes.remove(at: index)
        default:
            for offset in bytes[index...].prefix(4).indices { bytes[offset] = 0xff }
        }
    }
}
