import Testing

@testable import GatewayCore

@Suite struct AnswerRecorderTests {
    // MARK: Chat completions

    @Test func aChatStreamIsWrittenDown() {
        let answer = AnswerExamples.record(.chatCompletions, stream: AnswerExamples.chatStream)
        #expect(answer.ending == .complete)
        #expect(answer.identifier == "chatcmpl-123")
        #expect(answer.model == "gpt-4o-mini")
        #expect(answer.createdSeconds == 1_694_268_190)
        #expect(answer.string == "Hello wörld 😀")
        #expect(answer.chunkEnds == [5, 12, 17])
        #expect(answer.finishReason == "stop")
        #expect(answer.usage?.inputTokens == 9)
        #expect(answer.usage?.outputTokens == 3)
        #expect(answer.usage?.cachedInputTokens == 4)
        #expect(answer.usage?.reasoningTokens == 1)
        #expect(answer.exclusion() == nil)
    }

    @Test func aChatBodyIsRead() {
        let answer = AnswerExamples.record(.chatCompletions, body: AnswerExamples.chatBody)
        #expect(answer.ending == .complete)
        #expect(answer.identifier == "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT")
        #expect(answer.string == "Hello! How can I assist you today?")
        #expect(answer.chunkEnds.isEmpty)
        #expect(answer.usage == TokenUsage(inputTokens: 19, outputTokens: 10))
        #expect(answer.exclusion() == nil)
    }

    @Test func theUsageThatTheClientHasNotAskedForIsWithheldAndKept() {
        let (answer, forwarded) = AnswerExamples.recordAndForward(
            .chatCompletions, stream: AnswerExamples.chatStream, withholdsUsage: true)
        #expect(forwarded == AnswerExamples.chatStream.replacing(AnswerExamples.chatUsageChunk, with: ""))
        #expect(answer.usage?.inputTokens == 9)
        let all = AnswerExamples.recordAndForward(.chatCompletions, stream: AnswerExamples.chatStream, withholdsUsage: false)
        #expect(all.forwarded == AnswerExamples.chatStream)
    }

    @Test func toolCallsOfAChatAreNoticed() {
        let answer = AnswerExamples.record(.chatCompletions, stream: AnswerExamples.chatToolStream)
        #expect(answer.toolCalls.first == RecordedAnswer.ToolCall(identifier: "call_1", name: "get_weather"))
        #expect(answer.exclusion() == .toolCalls)
    }

    @Test func anErrorInsideOfAChatStreamIsOne() {
        let stream = AnswerExamples.chatChunk(#"{"content":"a"}"#) + "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\"}}\n\n"
        let answer = AnswerExamples.record(.chatCompletions, stream: stream)
        #expect(answer.ending == .failed("server_error"))
        #expect(answer.exclusion() == .error)
        #expect(AnswerExamples.record(.chatCompletions, stream: stream + AnswerExamples.done).exclusion() == .error)
    }

    // MARK: Messages

    @Test func aMessageStreamIsWrittenDown() {
        let answer = AnswerExamples.record(.messages, stream: AnswerExamples.messageStream)
        #expect(answer.ending == .complete)
        #expect(answer.identifier == "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY")
        #expect(answer.model == "claude-sonnet-4-5-20250929")
        #expect(answer.string == "Hello!")
        #expect(answer.chunkEnds == [5, 6])
        #expect(answer.finishReason == "end_turn")
        #expect(answer.usage?.inputTokens == 28)
        #expect(answer.usage?.cachedInputTokens == 3)
        #expect(answer.usage?.outputTokens == 15)
        #expect(answer.exclusion() == nil)
    }

    @Test func aMessageBodyIsRead() {
        let answer = AnswerExamples.record(.messages, body: AnswerExamples.messageBody)
        #expect(answer.ending == .complete)
        #expect(answer.string == "Hi! My name is Claude.")
        #expect(answer.usage?.inputTokens == 2_200)
        #expect(answer.usage?.cacheWriteInputTokens == 100)
        #expect(answer.exclusion() == nil)
    }

    @Test func toolsOfAMessageAreNoticed() {
        let answer = AnswerExamples.record(.messages, stream: AnswerExamples.messageToolStream)
        #expect(answer.toolCalls == [RecordedAnswer.ToolCall(identifier: "toolu_01T", name: "get_weather")])
        #expect(answer.exclusion() == .toolCalls)
    }

    @Test func anErrorInsideOfAMessageStreamIsOne() {
        let answer = AnswerExamples.record(.messages, stream: AnswerExamples.messageStart + AnswerExamples.messageError)
        #expect(answer.ending == .failed("overloaded_error"))
        #expect(answer.exclusion() == .error)
    }

    // MARK: Thoughts

    private func prefaces(_ answer: RecordedAnswer) -> [String] { answer.preface.map { String(decoding: $0, as: UTF8.self) } }

    @Test func thoughtsOfAMessageAreKeptAsItsBlocks() {
        let streamed = AnswerExamples.record(.messages, stream: AnswerExamples.messageThinkingStream)
        #expect(
            prefaces(streamed) == [
                #"{"type":"thinking","thinking":"They want 27 × 453.","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"}"#,
                #"{"type":"redacted_thinking","data":"EmwKAhgB"}"#,
            ])
        #expect(streamed.string == "12,231")
        #expect(streamed.usage?.reasoningTokens == 60)
        let whole = AnswerExamples.record(.messages, body: AnswerExamples.messageThinkingBody)
        #expect(
            prefaces(whole) == [
                #"{"type":"thinking","thinking":"Hm…","signature":"s"}"#, #"{"type":"redacted_thinking","data":"d"}"#,
            ])
    }

    @Test func thoughtsOfAChatAreKeptAsMembersOfItsMessage() {
        let streamed = AnswerExamples.record(.chatCompletions, stream: AnswerExamples.chatThinkingStream)
        #expect(prefaces(streamed) == [#"{"reasoning_content":"They want a number."}"#])
        #expect(streamed.string == "12")
        let whole = AnswerExamples.record(.chatCompletions, body: AnswerExamples.chatThinkingBody)
        #expect(prefaces(whole) == [#"{"reasoning_content":"They\nwant"}"#])
    }

    @Test func thoughtsInBetweenAreNotStored() {
        let chat = AnswerExamples.chatStream.replacing(#"{"content":" 😀"}"#, with: #"{"reasoning":"Hm"}"#)
        #expect(AnswerExamples.record(.chatCompletions, stream: chat).exclusion() == .otherContent)
        let message = AnswerExamples.messageBody.replacing(
            #""text":"Hi! My name is Claude."}"#,
            with: #""text":"Hi! My name is Claude."},{"type":"thinking","thinking":"Hm","signature":"s"}"#)
        #expect(AnswerExamples.record(.messages, body: message).exclusion() == .otherContent)
    }

    @Test func thoughtsCountTowardsTheLimit() {
        let answer = AnswerExamples.record(.messages, stream: AnswerExamples.messageThinkingStream)
        let bytes = answer.text.count + answer.preface.reduce(0) { $0 + $1.count }
        #expect(answer.exclusion(limitBytes: bytes) == nil)
        #expect(answer.exclusion(limitBytes: bytes - 1) == .tooLarge)
    }

    // MARK: Responses

    @Test func aResponseStreamIsWrittenDown() {
        let answer = AnswerExamples.record(.responses, stream: AnswerExamples.responseStream())
        #expect(answer.ending == .complete)
        #expect(answer.identifier == "resp_67ccd3a9da748190baa7f1570fe91ac6")
        #expect(answer.createdSeconds == 1_741_476_777)
        #expect(answer.string == "Hi there!")
        #expect(answer.chunkEnds == [2, 9])
        #expect(answer.finishReason == "completed")
        #expect(answer.usage?.inputTokens == 32)
        #expect(answer.usage?.reasoningTokens == 2)
        #expect(answer.body.map { String(decoding: $0.bytes, as: UTF8.self) } == AnswerExamples.responseBody())
        #expect(answer.exclusion() == nil)
    }

    @Test func chunksThatDoNotAddUpAreForgotten() {
        let stream = AnswerExamples.responseStream().replacing(#""delta":"Hi""#, with: #""delta":"Ho""#)
        let answer = AnswerExamples.record(.responses, stream: stream)
        #expect(answer.string == "Hi there!")
        #expect(answer.chunkEnds.isEmpty)
    }

    @Test func callsOfAResponseAreNoticed() {
        let body = AnswerExamples.responseBody(AnswerExamples.responseCall)
        let answer = AnswerExamples.record(.responses, stream: AnswerExamples.responseStream("response.completed", body))
        #expect(answer.toolCalls == [RecordedAnswer.ToolCall(identifier: "call_1", name: "get_weather")])
        #expect(answer.exclusion() == .toolCalls)
    }

    @Test func aResponseThatFailedOrWasCutIsNotStored() {
        let failed = AnswerExamples.responseBody("", status: "failed")
            .replacing(#""error":null"#, with: #""error":{"code":"server_error","message":"m"}"#)
        let answer = AnswerExamples.record(.responses, stream: AnswerExamples.responseStream("response.failed", failed))
        #expect(answer.ending == .failed("server_error"))
        let cut = AnswerExamples.responseBody(status: "incomplete")
        let incomplete = AnswerExamples.record(.responses, stream: AnswerExamples.responseStream("response.incomplete", cut))
        #expect(incomplete.exclusion() == .finishReason)
        #expect(incomplete.usage?.outputTokens == 18)
        let error = "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit\",\"message\":\"m\",\"param\":null}\n\n"
        #expect(AnswerExamples.record(.responses, stream: error).exclusion() == .error)
    }

    @Test func embeddingsAreRead() {
        let answer = AnswerExamples.record(.embeddings, body: AnswerExamples.embeddings)
        #expect(answer.usage == TokenUsage(inputTokens: 8, outputTokens: 0))
        #expect(answer.exclusion() == nil)
    }

    // MARK: What is stored

    /// Wherever a stream is cut, what has come so far is not taken for an answer.
    @Test(arguments: AnswerExamples.streams)
    func aStreamThatDoesNotReachItsEndIsNeverStored(api: ModelAPI, stream: String) {
        #expect(AnswerExamples.record(api, stream: stream).exclusion() == nil)
        let bytes = Array(stream.utf8)
        // Without the last line feed the event that ends it has not ended.
        for end in 0..<bytes.count {
            let answer = AnswerExamples.record(api, stream: String(decoding: bytes[..<end], as: UTF8.self))
            #expect(answer.exclusion() != nil, "cut at \(end)")
        }
    }

    @Test(arguments: AnswerExamples.streams)
    func aStreamThatGoesOnAfterItsEndIsNotStored(api: ModelAPI, stream: String) {
        #expect(AnswerExamples.record(api, stream: stream + stream).exclusion() == .malformed)
    }

    @Test(arguments: AnswerExamples.streams)
    func aStreamWithAnEventThatIsNotJSONIsNotStored(api: ModelAPI, stream: String) {
        let events = stream.split(separator: "\n\n", omittingEmptySubsequences: true)
        for index in events.indices.dropLast() {
            var damaged = events.map(String.init)
            damaged[index] = "data: {\"oops"
            let answer = AnswerExamples.record(api, stream: damaged.joined(separator: "\n\n") + "\n\n")
            #expect(answer.exclusion() == .malformed)
        }
    }

    @Test(arguments: AnswerExamples.bodies)
    func aBodyThatIsCutOrAnErrorIsNotStored(api: ModelAPI, body: String) {
        #expect(AnswerExamples.record(api, body: body).exclusion() == nil)
        #expect(AnswerExamples.record(api, body: String(body.dropLast())).exclusion() == .malformed)
        #expect(AnswerExamples.record(api, body: "{}").exclusion() == .malformed)
        #expect(AnswerExamples.record(api, body: "[]").exclusion() == .malformed)
        #expect(AnswerExamples.record(api, body: body, status: 500).exclusion() == .error)
        #expect(AnswerExamples.record(api, body: "<html>", status: 502).exclusion() == .error)
        let error = #"{"error":{"message":"m","type":"invalid_request_error","code":"c"}}"#
        #expect(AnswerExamples.record(api, body: error, status: 200).ending == .failed("invalid_request_error"))
    }

    @Test func anAnthropicErrorIsOne() {
        let error = #"{"type":"error","error":{"type":"not_found_error","message":"m"},"request_id":"r"}"#
        #expect(AnswerExamples.record(.messages, body: error, status: 404).ending == .failed("not_found_error"))
    }

    static let changedBodies: [(ModelAPI, String, String, String, AnswerExclusion)] = [
        (.chatCompletions, AnswerExamples.chatBody, #""finish_reason": "stop""#, #""finish_reason": "length""#, .finishReason),
        (.chatCompletions, AnswerExamples.chatBody, #""finish_reason": "stop""#, #""finish_reason": "content_filter""#, .finishReason),
        (.chatCompletions, AnswerExamples.chatBody, #""finish_reason": "stop""#, #""finish_reason": null"#, .finishReason),
        (.chatCompletions, AnswerExamples.chatBody, #""refusal": null"#, #""refusal": "I cannot""#, .refusal),
        (.chatCompletions, AnswerExamples.chatBody, #""annotations": []"#, #""annotations": [{"type":"url_citation"}]"#, .otherContent),
        (.chatCompletions, AnswerExamples.chatBody, #""annotations": []"#, #""reasoning_details": [{"type":"x"}]"#, .otherContent),
        (.chatCompletions, AnswerExamples.chatBody, #""service_tier""#, #""moderation": {"input":{}}, "service_tier""#, .otherContent),
        (.chatCompletions, AnswerExamples.chatBody, #""annotations": []"#, #""tool_calls": [{"id":"c","function":{"name":"f"}}]"#, .toolCalls),
        (.chatCompletions, AnswerExamples.chatBody, #""annotations": []"#, #""function_call": {"name":"f","arguments":""}"#, .toolCalls),
        (.chatCompletions, AnswerExamples.chatBody, #""Hello! How can I assist you today?""#, "\"\"", .empty),
        (.chatCompletions, AnswerExamples.chatBody, #""Hello! How can I assist you today?""#, "null", .empty),
        (.chatCompletions, AnswerExamples.chatBody, #""logprobs": null"#, #""logprobs": {"content":[]}"#, .otherContent),
        (.chatCompletions, AnswerExamples.chatBody, #""choices": ["#, #""choices": [{"index":1,"message":{"role":"assistant","content":"b"},"finish_reason":"stop"},"#, .severalChoices),
        (.messages, AnswerExamples.messageBody, "end_turn", "max_tokens", .finishReason),
        (.messages, AnswerExamples.messageBody, "end_turn", "stop_sequence", .finishReason),
        (.messages, AnswerExamples.messageBody, "end_turn", "pause_turn", .finishReason),
        (.messages, AnswerExamples.messageBody, "end_turn", "refusal", .refusal),
        (.messages, AnswerExamples.messageBody, #""text":"Hi! My name is Claude.""#, #""text":"a","citations":[{"type":"char_location"}]"#, .otherContent),
        (.messages, AnswerExamples.messageBody, #""text":"Hi! My name is Claude.""#, #""text":"a"},{"type":"text","text":"b""#, .otherContent),
        (.responses, AnswerExamples.responseBody(), #""annotations":[]"#, #""annotations":[{"type":"file_citation"}]"#, .otherContent),
        (.responses, AnswerExamples.responseBody(), #"{"type":"output_text""#, #"{"type":"refusal","refusal":"no"},{"type":"output_text""#, .refusal),
        (.responses, AnswerExamples.responseBody(), #""type":"reasoning""#, #""type":"web_search_call""#, .toolCalls),
        (.responses, AnswerExamples.responseBody(), #""type":"reasoning""#, #""type":"something_new""#, .otherContent),
    ]

    @Test(arguments: changedBodies)
    func whatIsNotAPlainWholeAnswerIsNotStored(
        api: ModelAPI, body: String, old: String, new: String, exclusion: AnswerExclusion
    ) {
        let changed = body.replacing(old, with: new)
        #expect(changed != body)
        #expect(AnswerExamples.record(api, body: changed).exclusion() == exclusion)
    }

    @Test(arguments: ["null", "\"\"", "[]", "{}"])
    func aMemberThatSaysNothingDoesNotKeepAnAnswerOut(value: String) {
        let body = AnswerExamples.chatBody.replacing(#""annotations": []"#, with: "\"something_new\": \(value)")
        #expect(AnswerExamples.record(.chatCompletions, body: body).exclusion() == nil)
    }

    static let changedStreams: [(String, String, AnswerExclusion)] = [
        ("\"finish_reason\":\"stop\"", "\"finish_reason\":\"length\"", .finishReason),
        (#"{"content":"Hello"}"#, #"{"content":"Hello","reasoning_details":[{}]}"#, .otherContent),
        (#"{"content":"Hello"}"#, #"{"refusal":"I cannot"}"#, .refusal),
        (#""choices":[{"index":0,"delta":{"content":"Hello"}"#, #""choices":[{"index":1,"delta":{"content":"Hello"}"#, .severalChoices),
        (#""logprobs":null,"finish_reason":null}],"usage":null}"#, #""logprobs":{"content":[]},"finish_reason":null}],"usage":null}"#, .otherContent),
        ("\"finish_reason\":\"stop\"", "\"finish_reason\":null", .malformed),
    ]

    @Test(arguments: changedStreams)
    func whatIsNotAPlainWholeStreamIsNotStored(old: String, new: String, exclusion: AnswerExclusion) {
        let changed = AnswerExamples.chatStream.replacing(old, with: new)
        #expect(changed != AnswerExamples.chatStream)
        #expect(AnswerExamples.record(.chatCompletions, stream: changed).exclusion() == exclusion)
    }

    @Test func anAnswerOverTheLimitIsNotStored() {
        let answer = AnswerExamples.record(.chatCompletions, stream: AnswerExamples.chatStream)
        #expect(answer.exclusion(limitBytes: answer.text.count) == nil)
        #expect(answer.exclusion(limitBytes: answer.text.count - 1) == .tooLarge)
        let body = AnswerExamples.record(.chatCompletions, body: AnswerExamples.chatBody)
        #expect(body.exclusion(limitBytes: AnswerExamples.chatBody.utf8.count) == .tooLarge)
    }

    @Test func textBeyondAllLimitsIsNotCollected() {
        let piece = String(repeating: "a", count: 1 << 20)
        let count = AnswerLimits.answerBytes >> 20
        let stream = String(repeating: AnswerExamples.chatChunk("{\"content\":\"\(piece)\"}"), count: count + 1)
        let answer = AnswerExamples.record(
            .chatCompletions, stream: stream + AnswerExamples.chatChunk("{}", finish: "\"stop\"") + AnswerExamples.done)
        #expect(answer.text.count == AnswerLimits.answerBytes)
        #expect(answer.ending == .complete)
        #expect(answer.exclusion(limitBytes: .max) == .tooLarge)
    }

    /// Whatever a value of an event or a body is exchanged for, it is recorded in order.
    @Test func noAnswerTraps() throws {
        for (api, body) in AnswerExamples.bodies { try exchangeValues(body) { _ = AnswerExamples.record(api, body: $0) } }
        for (api, stream) in AnswerExamples.streams {
            let events = stream.split(separator: "\n\n").map(String.init)
            for (index, event) in events.enumerated() {
                guard let data = event.split(separator: "data: ").last.map(String.init), data != "[DONE]" else { continue }
                try exchangeValues(data) { changed in
                    var changedEvents = events
                    changedEvents[index] = "data: \(changed)"
                    _ = AnswerExamples.record(api, stream: changedEvents.joined(separator: "\n\n") + "\n\n")
                }
            }
        }
    }

    private func exchangeValues(_ text: String, _ body: (String) -> Void) throws {
        func views(_ view: JSONView) -> [JSONView] {
            [view] + view.elements.flatMap(views) + view.members.flatMap { views($0.value) }
        }
        let document = try JSONDocument(text)
        for view in views(document.root) {
            for value in ["null", "-1e400", "9223372036854775808", "\"x\"", "[]", "{}", "[{}]"] {
                var edits = JSONEdits(document)
                edits.replace(view, with: Array(value.utf8))
                body(String(decoding: edits.apply(), as: UTF8.self))
            }
        }
    }
}
