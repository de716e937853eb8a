import Testing

@testable import GatewayCore

@Suite struct AnswerReplayTests {
    private func stored(_ answer: RecordedAnswer) throws(AnswerExclusion) -> StoredAnswer {
        try StoredAnswer(answer, nowSeconds: 1_700_000_000)
    }

    private func stored(stream: String, _ api: ModelAPI) throws -> StoredAnswer {
        try stored(AnswerExamples.record(api, stream: stream))
    }

    private func stored(body: String, _ api: ModelAPI) throws -> StoredAnswer {
        try stored(AnswerExamples.record(api, body: body))
    }

    private func stream(
        _ answer: StoredAnswer, identifier: String? = "new", _ chunking: ReplayChunking = .original,
        includesUsage: Bool = true
    ) -> String {
        let events = AnswerReplay(answer, identifier: identifier).events(chunking, includesUsage: includesUsage)
        return String(decoding: events.flatMap { $0 }, as: UTF8.self)
    }

    private func body(_ answer: StoredAnswer, identifier: String? = "new") -> String {
        String(decoding: AnswerReplay(answer, identifier: identifier).body(), as: UTF8.self)
    }

    // MARK: The same answer again

    /// Whatever it was recorded from, both forms of its replay are recorded as the same answer.
    @Test func aReplayIsTheAnswerAgain() throws {
        let answers =
            try AnswerExamples.streams.map { try stored(stream: $0.1, $0.0) }
            + AnswerExamples.bodies.dropLast().map { try stored(body: $0.1, $0.0) }
        for answer in answers {
            let decoded = try #require(StoredAnswer(payload: answer.encoded()))
            let replays = [
                AnswerExamples.record(answer.api, stream: stream(decoded)),
                AnswerExamples.record(answer.api, stream: stream(decoded, .words)),
                AnswerExamples.record(answer.api, body: body(decoded)),
            ]
            for replay in replays {
                #expect(replay.ending == .complete)
                #expect(replay.exclusion() == nil)
                #expect(replay.identifier == "new")
                #expect(replay.model == answer.model)
                #expect(replay.text == answer.text)
                #expect(replay.preface == answer.preface)
                #expect(replay.finishReason == answer.finishReason)
                #expect(replay.usage?.inputTokens == answer.usage?.inputTokens)
                #expect(replay.usage?.outputTokens == answer.usage?.outputTokens)
                #expect(replay.usage?.cachedInputTokens == answer.usage?.inputTokens)
                #expect(replay.usage?.cacheWriteInputTokens == 0)
                if answer.api != .messages { #expect(replay.createdSeconds == answer.createdSeconds) }
            }
            #expect(replays[0].chunkEnds == (answer.chunkEnds.isEmpty ? replays[1].chunkEnds : answer.chunkEnds))
        }
    }

    @Test func theIdentifierOfTheUpstreamIsKeptWhereNoneIsGiven() throws {
        let answer = try stored(body: AnswerExamples.responseBody(), .responses)
        #expect(AnswerExamples.record(.responses, body: body(answer, identifier: nil)).identifier == answer.identifier)
        #expect(
            AnswerExamples.record(.responses, stream: stream(answer, identifier: nil)).identifier == answer.identifier)
    }

    @Test func aBodyComesBackAsTheUpstreamSentIt() throws {
        let answer = try stored(body: AnswerExamples.chatBody, .chatCompletions)
        let expected = AnswerExamples.chatBody
            .replacing("chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", with: "new")
            .replacing(#""cached_tokens": 0"#, with: #""cached_tokens": 19"#)
        #expect(body(answer) == expected)
    }

    @Test func aBodyWithoutDetailsOfItsUsageGetsThem() throws {
        let details = #"""
            ,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
                  "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}
            """#
        let plain = AnswerExamples.chatBody.replacing(details, with: "")
        #expect(plain != AnswerExamples.chatBody)
        let replayed = try body(stored(body: plain, .chatCompletions))
        #expect(
            replayed.contains(
                #""total_tokens": 29,"prompt_tokens_details":{"cached_tokens":19,"cache_write_tokens":0}"#))
    }

    @Test func whoAskedFirstIsNotToldToWhoAsksNext() throws {
        let echoed = AnswerExamples.responseBody().replacing(
            #""user":null,"metadata":{}"#,
            with: #""user":"u-ann","safety_identifier":"safe-1","prompt_cache_key":"k","metadata":{"ticket":"7"}"#)
        let answer = try stored(body: echoed, .responses)
        let payload = String(decoding: answer.encoded(), as: UTF8.self)
        #expect(!payload.contains("u-ann") && !payload.contains("safe-1") && !payload.contains("ticket"))
        #expect(body(answer).contains(#""user":null,"safety_identifier":null,"prompt_cache_key":null,"metadata":{}"#))

        let request = try ModelRequest(
            .responses,
            body: Array(#"{"model":"m","input":"q","user":"bob","metadata":{"semblance-ttl":"1","ticket":"8"}}"#.utf8))
        let replay = AnswerReplay(answer, identifier: "new", to: request)
        let expected = #""user":"bob","safety_identifier":null,"prompt_cache_key":null,"metadata":{"ticket":"8"}"#
        #expect(String(decoding: replay.body(), as: UTF8.self).contains(expected))
        for event in replay.events(includesUsage: true) where event.count > 1_000 {
            #expect(String(decoding: event, as: UTF8.self).contains(expected))
        }
    }

    @Test func embeddingsComeBackByteForByte() throws {
        let answer = try stored(body: AnswerExamples.embeddings, .embeddings)
        #expect(body(answer) == AnswerExamples.embeddings)
        #expect(stream(answer) == "")
    }

    // MARK: The form of each API

    @Test func aChatStreamLooksLikeOpenAIs() throws {
        let answer = try stored(stream: AnswerExamples.chatStream, .chatCompletions)
        let head =
            #"data: {"id":"new","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","choices":"#
        func chunk(_ delta: String, _ finish: String = "null") -> String {
            head + #"[{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(finish)}]}"# + "\n\n"
        }
        #expect(
            stream(answer, includesUsage: false)
                == chunk(#"{"role":"assistant","content":"","refusal":null}"#) + chunk(#"{"content":"Hello"}"#)
                + chunk(#"{"content":" wörld"}"#) + chunk(#"{"content":" 😀"}"#) + chunk("{}", "\"stop\"")
                + "data: [DONE]\n\n")
    }

    @Test func theUsageOfAChatStreamComesLastForThoseWhoAskedForIt() throws {
        let answer = try stored(stream: AnswerExamples.chatStream, .chatCompletions)
        let chunks = stream(answer).split(separator: "\n\n").map(String.init)
        #expect(chunks.dropLast(2).allSatisfy { $0.hasSuffix(#"],"usage":null}"#) })
        #expect(
            chunks.dropLast().last?.contains(
                #""choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"#
                    + #""prompt_tokens_details":{"cached_tokens":9}"#
            ) == true)
        #expect(!stream(answer, includesUsage: false).contains("usage"))
    }

    @Test func aMessageStreamHasAnthropicsEventsInTheirOrder() throws {
        for answer in [
            try stored(stream: AnswerExamples.messageStream, .messages),
            try stored(body: AnswerExamples.messageBody, .messages),
        ] {
            var names = stream(answer).split(separator: "\n").filter { $0.hasPrefix("event: ") }.map { $0.dropFirst(7) }
            let deltas = names.count { $0 == "content_block_delta" }
            #expect(deltas == ReplayChunking.original.ranges(of: answer).count)
            names.removeAll { $0 == "content_block_delta" }
            #expect(
                names == [
                    "message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop",
                ])
        }
    }

    @Test func aResponseStreamIsNumberedWithoutGaps() throws {
        let answer = try stored(stream: AnswerExamples.responseStream(), .responses)
        var parser = ServerSentEventParser()
        var names: [String] = []
        for (index, event) in try parser.append(Array(stream(answer).utf8)).enumerated() {
            let data = try JSONDocument(try #require(event.data), limits: .answer).root
            #expect(data["type"]?.stringValue == event.name)
            #expect(data["sequence_number"]?.integerValue == index)
            names.append(event.name ?? "")
        }
        #expect(
            names == [
                "response.created", "response.in_progress", "response.output_item.added", "response.output_item.done",
                "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.delta", "response.output_text.done", "response.content_part.done",
                "response.output_item.done", "response.completed",
            ])
    }

    @Test func aResponseThatHasJustBegunHasSaidNothing() throws {
        let answer = try stored(stream: AnswerExamples.responseStream(), .responses)
        let events = Array(AnswerReplay(answer, identifier: "new").events(includesUsage: true))
        let created = try #require(events.first.map { String(decoding: $0, as: UTF8.self) })
        #expect(created.contains(#""status":"in_progress""#))
        #expect(created.contains(#""output":[]"#))
        #expect(created.contains(#""usage":null"#))
        #expect(!created.contains("Hi there!"))
    }

    // MARK: Chunks

    private func words(_ text: String) -> [String] {
        let answer = StoredAnswer(
            api: .chatCompletions, identifier: "", model: "", finishReason: "stop", createdSeconds: 0, usage: nil,
            text: Array(text.utf8), chunkEnds: [])
        return ReplayChunking.words.ranges(of: answer).map { String(decoding: answer.text[$0], as: UTF8.self) }
    }

    @Test func wordsComeWithTheSpaceBeforeThem() {
        #expect(words("How are  you?\n\nFine. ") == ["How", " are", "  you?", "\n\nFine.", " "])
        #expect(words("") == [])
        #expect(words("   ") == ["   "])
        #expect(words(" a") == [" a"])
    }

    @Test func chunksAlwaysMakeUpTheTextAndEndBetweenScalars() {
        var random = RandomJSON(seed: 41)
        for _ in 0..<200 {
            let text = (0..<random.number(below: 40)).map { _ in random.text() }.joined()
            let chunks = words(text)
            #expect(chunks.joined().utf8.elementsEqual(text.utf8))
            #expect(chunks.allSatisfy { !$0.isEmpty && $0.utf8.count < ReplayChunking.longestWordBytes + 4 })
        }
        let long = String(repeating: "中", count: 1_000)
        #expect(words(long).joined() == long)
        #expect(words(long).count > 50)
    }

    @Test func anyTextIsReplayedAsItIs() throws {
        var random = RandomJSON(seed: 42)
        for _ in 0..<100 {
            let text = "x" + random.text() + random.text()
            for api in [ModelAPI.chatCompletions, .messages] {
                let answer = StoredAnswer(
                    api: api, identifier: "", model: "m\"", finishReason: api.ordinaryFinishReason ?? "",
                    createdSeconds: 1,
                    usage: nil, text: Array(text.utf8), chunkEnds: [])
                #expect(AnswerExamples.record(api, stream: stream(answer)).text == answer.text)
                #expect(AnswerExamples.record(api, body: body(answer)).text == answer.text)
            }
        }
    }
}
