import CacheModel
import CacheProtocol
import NIOCore
import Testing

@Suite struct LookupReplyPlanTests {
    private func entry(payloadBytes: Int, promptBytes: Int = 0) -> StoredEntry {
        StoredEntry(
            identifier: EntryIdentifier(1), scope: .shared, key: nil, createdAt: Timestamp(milliseconds: 0),
            ageMilliseconds: 0, expiresAt: nil, norm: 1, costSavedNanodollars: 0,
            prompt: String(repeating: "p", count: promptBytes), dependencies: [], tags: [], contentType: "text/plain",
            payload: Array(repeating: 7, count: payloadBytes), payloadBytes: payloadBytes)
    }

    private func reply(_ entries: StoredEntry...) -> LookupReply {
        LookupReply(
            outcome: .hits(entries.map { Hit(match: .vector, similarity: 1, entry: $0) }), lease: GoldenFrames.lease(1),
            sourceSequences: [3], searchNanoseconds: 1)
    }

    private func received(_ replies: [LookupReply], bodyLimitBytes: Int) throws -> [LookupReply] {
        var bytes = ByteBuffer()
        bytes.writeReply(.lookup(replies), identifier: 1, bodyLimitBytes: bodyLimitBytes)
        #expect(bytes.readableBytes <= FrameHeader.bytes + bodyLimitBytes)
        var decoder = FrameDecoder(expecting: .replies)
        let frame = try #require(try decoder.next(from: &bytes))
        guard case .lookup(let received) = try Reply(frame) else { return [] }
        return received
    }

    private func payloads(_ replies: [LookupReply]) -> [Int?] {
        replies.map {
            guard case .hits(let hits) = $0.outcome else { return nil }
            return hits[0].entry.payload?.count
        }
    }

    @Test func payloadsThatDoNotFitAreLeftOutAndTheirSizesStay() throws {
        let replies = [reply(entry(payloadBytes: 700)), reply(entry(payloadBytes: 800)), reply(entry(payloadBytes: 90))]
        #expect(try received(replies, bodyLimitBytes: 10_000) == replies)

        // Room for about 1,000 bytes of payload: the first fits, the second does not, the third fits behind it.
        let cut = try received(replies, bodyLimitBytes: 1_400)
        #expect(payloads(cut) == [700, nil, 90])
        guard case .hits(let hits) = cut[1].outcome else {
            Issue.record("the second is no hit")
            return
        }
        #expect(hits[0].entry.payloadBytes == 800)
    }

    @Test func aLimitThatIsMetExactlyLeavesNothingOut() throws {
        let replies = [reply(entry(payloadBytes: 700)), reply(entry(payloadBytes: 90))]
        var bytes = ByteBuffer()
        bytes.writeReply(.lookup(replies), identifier: 1)
        let whole = bytes.readableBytes - FrameHeader.bytes
        #expect(try received(replies, bodyLimitBytes: whole) == replies)
        #expect(payloads(try received(replies, bodyLimitBytes: whole - 1)) == [700, nil])
    }

    @Test func hitsThatDoNotFitEvenWithoutPayloadAreRefusedInsteadOfShortened() throws {
        let miss = LookupReply(
            outcome: .miss(Miss(reason: .nothingStored)), lease: GoldenFrames.lease(1), sourceSequences: [],
            searchNanoseconds: 1)
        let long = reply(entry(payloadBytes: 10, promptBytes: 3_000), entry(payloadBytes: 10, promptBytes: 3_000))
        let short = reply(entry(payloadBytes: 10))
        let cut = try received([miss, long, short, long, miss], bodyLimitBytes: 8_000)
        #expect(cut.count == 5)
        #expect(cut[0] == miss && cut[2] == short && cut[4] == miss)
        #expect(payloads(cut)[1] == 10)
        guard case .refused(let error) = cut[3].outcome else {
            Issue.record("the fourth is not refused")
            return
        }
        #expect(error.code == .limitExceeded)
        #expect(cut[3].lease == long.lease)
        #expect(cut[3].sourceSequences == long.sourceSequences)
    }

    @Test func noLimitIsExceededWhateverItIs() throws {
        let replies = (0..<20).map { index in
            reply(entry(payloadBytes: index * 30, promptBytes: index * 7), entry(payloadBytes: 5, promptBytes: index))
        }
        for limit in stride(from: 4_000, through: 12_000, by: 97) {
            #expect(try received(replies, bodyLimitBytes: limit).count == 20)
        }
    }

    @Test func aBatchOfTheLargestPayloadsFitsInAFrame() throws {
        let largest = reply(entry(payloadBytes: Limits.payloadBytes))
        let cut = try received(Array(repeating: largest, count: Limits.batchCount), bodyLimitBytes: Limits.frameBytes)
        #expect(payloads(cut).prefix(3) == [Limits.payloadBytes, Limits.payloadBytes, nil])
        #expect(payloads(cut).dropFirst(2).allSatisfy { $0 == nil })
    }
}
