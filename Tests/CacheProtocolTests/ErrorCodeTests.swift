import CacheModel
import CacheProtocol
import NIOCore
import Testing

@Suite struct ErrorCodeTests {
    /// Numbers that are out in the world. Lines are added here, never changed.
    static let published: [(UInt16, String)] = [
        (1, "malformed-frame"), (2, "frame-too-large"), (3, "unsupported-version"), (4, "invalid-argument"),
        (10, "dimension-mismatch"), (11, "invalid-vector"), (12, "payload-too-large"), (13, "model-mismatch"),
        (20, "stale-dependency"), (21, "lease-required"), (22, "bad-lease"), (23, "kind-mismatch"),
        (24, "generation-conflict"), (25, "label-conflict"), (26, "fenced"), (27, "superseded"),
        (30, "namespace-not-found"), (31, "namespace-conflict"), (32, "entry-not-found"), (33, "limit-exceeded"),
        (40, "overloaded"), (41, "storage-full"), (42, "storage-failed"), (43, "store-locked"),
        (44, "store-damaged"), (45, "unsupported-format"), (46, "shutting-down"), (47, "internal-error"),
        (50, "unauthenticated"), (51, "forbidden"),
        (60, "connection-failed"), (61, "connection-closed"), (62, "deadline-exceeded"),
        (63, "invalid-configuration"),
    ]

    @Test func theNumbersOfErrorsAreUniqueAndStayAsTheyArePublished() {
        #expect(Set(Self.published.map(\.0)).count == Self.published.count)
        #expect(CacheError.Code.allCases.count == Self.published.count)
        for (number, name) in Self.published {
            #expect(CacheError.Code(number: number)?.rawValue == name)
            #expect(CacheError.Code(rawValue: name)?.number == number)
        }
    }

    @Test func onlyErrorsOfFramingAndStrangersCloseTheConnection() {
        let closing = CacheError.Code.allCases.filter { CacheError($0, "").closesConnection }
        #expect(closing == [.malformedFrame, .frameTooLarge, .unsupportedVersion, .unauthenticated])
    }

    @Test func aNumberOfALaterVersionReadsAsInternalErrorAndIsKept() throws {
        var bytes = ByteBuffer()
        bytes.writeReply(.failure(CacheError(.fenced, "later", detail: ["source": "a"]), .get), identifier: 5)
        bytes.setInteger(UInt16(9_999), at: FrameHeader.bytes, endianness: .little)
        var decoder = FrameDecoder(expecting: .replies)
        let frame = try #require(try decoder.next(from: &bytes))
        let expected = CacheError(.internalError, "later", detail: ["source": "a", "number": "9999"])
        #expect(try Reply(frame) == .failure(expected, .get))
    }

    @Test func anOverlongErrorIsCutAtAWholeScalarInsteadOfFailing() throws {
        let long = String(repeating: "ü", count: 40_000)
        let detail = Dictionary(uniqueKeysWithValues: (0..<100).map { ("name-\(100 + $0)", "x" + long) })
        var bytes = ByteBuffer()
        bytes.writeReply(.failure(CacheError(.overloaded, "x" + long, detail: detail), .lookup), identifier: 5)
        var decoder = FrameDecoder(expecting: .replies)
        let frame = try #require(try decoder.next(from: &bytes))
        guard case .failure(let error, .lookup) = try Reply(frame) else {
            Issue.record("not an error reply")
            return
        }
        #expect(error.code == .overloaded)
        // One byte and then two-byte scalars: the last whole one ends a byte before the limit.
        #expect(error.message.utf8.count == Limits.errorMessageBytes - 1)
        #expect(error.detail.keys.sorted() == (0..<Limits.errorDetailCount).map { "name-\(100 + $0)" })
        #expect(error.detail.values.allSatisfy { $0.utf8.count == Limits.errorDetailBytes - 1 })
    }

    @Test func aDetailThatIsGivenTwiceIsMalformed() {
        let pair: [UInt8] = [1, 0, 0x61, 0, 0]
        let header = FrameHeader(opcode: .get, flags: [.reply, .error], requestIdentifier: 1)
        let body = ByteBuffer(bytes: [1, 0, 0, 0, 2, 0] + pair + pair)
        let error = #expect(throws: CacheError.self) { try Reply(Frame(header: header, body: body)) }
        #expect(error?.code == .malformedFrame)
    }
}
