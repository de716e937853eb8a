import Crypto
import Testing

@testable import GatewayCore

@Suite struct StoredAnswerTests {
    private func stored(_ answer: RecordedAnswer) throws(AnswerExclusion) -> StoredAnswer {
        try StoredAnswer(answer, nowSeconds: 1_700_000_000)
    }

    private func everything() throws -> [StoredAnswer] {
        try AnswerExamples.streams.map { try stored(AnswerExamples.record($0.0, stream: $0.1)) }
            + AnswerExamples.bodies.map { try stored(AnswerExamples.record($0.0, body: $0.1)) }
    }

    private func expectSame(_ one: StoredAnswer?, _ other: StoredAnswer) {
        #expect(one?.api == other.api)
        #expect(one?.identifier == other.identifier)
        #expect(one?.model == other.model)
        #expect(one?.finishReason == other.finishReason)
        #expect(one?.createdSeconds == other.createdSeconds)
        #expect(one?.usage == other.usage)
        #expect(one?.text == other.text)
        #expect(one?.preface == other.preface)
        #expect(one?.chunkEnds == other.chunkEnds)
        #expect(one?.body?.bytes == other.body?.bytes)
    }

    @Test func anAnswerIsReadBackAsItWasStored() throws {
        for answer in try everything() { expectSame(StoredAnswer(payload: answer.encoded()), answer) }
    }

    @Test func anAnswerWithoutUsageIsReadBackToo() throws {
        let stream = AnswerExamples.chatStream.replacing(AnswerExamples.chatUsageChunk, with: "")
        let answer = try stored(AnswerExamples.record(.chatCompletions, stream: stream))
        #expect(answer.usage == nil)
        expectSame(StoredAnswer(payload: answer.encoded()), answer)
    }

    @Test func whatMustNotBeStoredCannotBe() {
        #expect(throws: AnswerExclusion.toolCalls) {
            try stored(AnswerExamples.record(.chatCompletions, stream: AnswerExamples.chatToolStream))
        }
    }

    @Test func theTimeIsTheGatewaysWhereTheProviderSaysNone() throws {
        #expect(
            try stored(AnswerExamples.record(.messages, body: AnswerExamples.messageBody)).createdSeconds
                == 1_700_000_000)
    }

    /// Byte for byte: payloads of this format are in caches that are in use.
    @Test func theFormatIsTheSameInEveryVersion() throws {
        let answer = StoredAnswer(
            api: .chatCompletions, identifier: "i", model: "mo", finishReason: "stop", createdSeconds: 300,
            usage: TokenUsage(inputTokens: 5, outputTokens: 200), text: Array("Hi é".utf8), preface: [Array("{}".utf8)],
            chunkEnds: [2, 5])
        let content: [UInt8] =
            [0x01, 0xac, 0x02, 5, 0, 0, 0xc8, 0x01, 0, 1, 0x69, 2, 0x6d, 0x6f, 4] + Array("stop".utf8) + [5]
            + Array("Hi é".utf8) + [1, 2] + Array("{}".utf8) + [2, 2, 3]
        let checksum = Array(SHA256.hash(data: content).prefix(8))
        #expect(answer.encoded() == Array("SA".utf8) + [1, 1] + checksum + content)
    }

    @Test func aPayloadThatIsCutOrDamagedIsNone() throws {
        for answer in try everything() {
            let payload = answer.encoded()
            for end in payload.indices { #expect(StoredAnswer(payload: Array(payload[..<end])) == nil) }
            #expect(StoredAnswer(payload: payload + [0]) == nil)
            for index in payload.indices where index < 40 || index % 7 == 0 {
                // The API may be another one's as long as the content fits: it is checked apart.
                guard index != 3 else { continue }
                var damaged = payload
                damaged[index] ^= 1 << (index % 8)
                #expect(StoredAnswer(payload: damaged) == nil, "byte \(index)")
            }
        }
        for api in UInt8.min...UInt8.max where ModelAPI(rawValue: api) == nil {
            var payload = try everything()[0].encoded()
            payload[3] = api
            #expect(StoredAnswer(payload: payload) == nil)
        }
    }

    /// With a right checksum: lengths, counts and texts are checked by themselves.
    @Test func contentThatMakesNoSenseIsNoneAndNothingWorse() throws {
        var random = RandomJSON(seed: 31)
        var taken = 0
        for answer in try everything() {
            let payload = answer.encoded()
            for _ in 0..<1_500 {
                var content = Array(payload[12...])
                for _ in 0..<1 + random.number(below: 3) {
                    content[random.number(below: min(content.count, 60))] = UInt8(random.number(below: 256))
                }
                if random.number(below: 4) == 0 { content.removeLast(random.number(below: content.count)) }
                let checksum = Array(SHA256.hash(data: content).prefix(8))
                guard let read = StoredAnswer(payload: Array(payload[..<4]) + checksum + content) else { continue }
                taken += 1
                check(read)
            }
        }
        #expect(taken > 0)
    }

    /// What replays rely on.
    private func check(_ answer: StoredAnswer) {
        #expect(answer.chunkEnds.isEmpty || answer.chunkEnds.last == answer.text.count)
        #expect(answer.chunkEnds == answer.chunkEnds.sorted())
        let replay = AnswerReplay(answer, identifier: "x")
        _ = replay.body()
        for event in replay.events(includesUsage: true) { #expect(!event.isEmpty) }
    }

    @Test func chunksEndBetweenScalarsAndAddUp() {
        func payload(_ lengths: [UInt8]) -> StoredAnswer? {
            let content: [UInt8] = [0, 0, 0, 0, 0, 3, 0x61, 0xc3, 0xa9, 0, UInt8(lengths.count)] + lengths
            return StoredAnswer(payload: Array("SA".utf8) + [1, 1] + SHA256.hash(data: content).prefix(8) + content)
        }
        #expect(payload([1, 2]) != nil)
        #expect(payload([3]) != nil)
        #expect(payload([]) != nil)
        #expect(payload([2, 1]) == nil)
        #expect(payload([1]) == nil)
        #expect(payload([1, 3]) == nil)
        #expect(payload([0, 3]) == nil)
    }

    @Test func nothingFollowsWhatAnAnswerHas() throws {
        for answer in try everything() {
            let payload = answer.encoded()
            let content = payload[12...] + [0]
            let checksum = Array(SHA256.hash(data: Array(content)).prefix(8))
            #expect(StoredAnswer(payload: payload[..<4] + checksum + content) == nil)
        }
    }
}
