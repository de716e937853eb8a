import Testing

@testable import GatewayCore

/// What is stored, and above all what is not.
@Suite struct AnswerExclusionTests {
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
        (
            .chatCompletions, AnswerExamples.chatBody, #""finish_reason": "stop""#, #""finish_reason": "length""#,
            .finishReason
        ),
        (
            .chatCompletions, AnswerExamples.chatBody, #""finish_reason": "stop""#,
            #""finish_reason": "content_filter""#, .finishReason
        ),
        (
            .chatCompletions, AnswerExamples.chatBody, #""finish_reason": "stop""#, #""finish_reason": null"#,
            .finishReason
        ),
        (.chatCompletions, AnswerExamples.chatBody, #""refusal": null"#, #""refusal": "I cannot""#, .refusal),
        (
            .chatCompletions, AnswerExamples.chatBody, #""annotations": []"#,
            #""annotations": [{"type":"url_citation"}]"#, .otherContent
        ),
        (
            .chatCompletions, AnswerExamples.chatBody, #""annotations": []"#, #""reasoning_details": [{"type":"x"}]"#,
            .otherContent
        ),
        (
            .chatCompletions, AnswerExamples.chatBody, #""service_tier""#,
            #""moderation": {"input":{}}, "service_tier""#, .otherContent
        ),
        (
            .chatCompletions, AnswerExamples.chatBody, #""annotations": []"#,
            #""tool_calls": [{"id":"c","function":{"name":"f"}}]"#, .toolCalls
        ),
        (
            .chatCompletions, AnswerExamples.chatBody, #""annotations": []"#,
            #""function_call": {"name":"f","arguments":""}"#, .toolCalls
        ),
        (.chatCompletions, AnswerExamples.chatBody, #""Hello! How can I assist you today?""#, "\"\"", .empty),
        (.chatCompletions, AnswerExamples.chatBody, #""Hello! How can I assist you today?""#, "null", .empty),
        (
            .chatCompletions, AnswerExamples.chatBody, #""logprobs": null"#, #""logprobs": {"content":[]}"#,
            .otherContent
        ),
        (
            .chatCompletions, AnswerExamples.chatBody, #""choices": ["#,
            #""choices": [{"index":1,"message":{"role":"assistant","content":"b"},"finish_reason":"stop"},"#,
            .severalChoices
        ),
        (.messages, AnswerExamples.messageBody, "end_turn", "max_tokens", .finishReason),
        (.messages, AnswerExamples.messageBody, "end_turn", "stop_sequence", .finishReason),
        (.messages, AnswerExamples.messageBody, "end_turn", "pause_turn", .finishReason),
        (.messages, AnswerExamples.messageBody, "end_turn", "refusal", .refusal),
        (
            .messages, AnswerExamples.messageBody, #""text":"Hi! My name is Claude.""#,
            #""text":"a","citations":[{"type":"char_location"}]"#, .otherContent
        ),
        (
            .messages, AnswerExamples.messageBody, #""text":"Hi! My name is Claude.""#,
            #""text":"a"},{"type":"text","text":"b""#, .otherContent
        ),
        (
            .responses, AnswerExamples.responseBody(), #""annotations":[]"#,
            #""annotations":[{"type":"file_citation"}]"#, .otherContent
        ),
        (
            .responses, AnswerExamples.responseBody(), #"{"type":"output_text""#,
            #"{"type":"refusal","refusal":"no"},{"type":"output_text""#, .refusal
        ),
        (.responses, AnswerExamples.responseBody(), #""type":"reasoning""#, #""type":"web_search_call""#, .toolCalls),
        (.responses, AnswerExamples.responseBody(), #""type":"reasoning""#, #""type":"something_new""#, .otherContent),
    ]

    @Test func severalMessagesOfAResponseAreNotStored() {
        let item = String(AnswerExamples.responseOutput.split(separator: "},{\"id\":\"msg", maxSplits: 1)[1])
        let output = AnswerExamples.responseOutput + ",{\"id\":\"msg" + item
        let answer = AnswerExamples.record(.responses, body: AnswerExamples.responseBody(output))
        #expect(answer.ending == .complete)
        #expect(answer.exclusion() == .otherContent)
    }

    @Test func severalTextsOfOneAnswerAreNotStored() {
        // A replay makes one of them.
        let block = AnswerExamples.messageToolStream.replacing(
            #"{"type":"tool_use","id":"toolu_01T","name":"get_weather","input":{}}"#,
            with: #"{"type":"text","text":""}"#)
        let message = block.replacing("tool_use", with: "end_turn")
            .replacing(
                #"{"type":"input_json_delta","partial_json":"{\"location\":"}"#,
                with: #"{"type":"text_delta","text":"b"}"#)
        let streamed = AnswerExamples.record(.messages, stream: message)
        #expect(streamed.string == "Okayb")
        #expect(streamed.toolCalls.isEmpty)
        #expect(streamed.exclusion() == .otherContent)

        let parts = AnswerExamples.responseBody().replacing(
            #"[{"type":"output_text""#,
            with: #"[{"type":"output_text","annotations":[],"text":"First."},{"type":"output_text""#)
        let response = AnswerExamples.record(.responses, body: parts)
        #expect(response.ending == .complete)
        #expect(response.exclusion() == .otherContent)
    }

    @Test(arguments: ["true", "0", "\"x\"", "[0]", "{\"x\":null}"])
    func aMemberThatSaysSomethingUnknownKeepsAnAnswerOut(value: String) {
        let body = AnswerExamples.chatBody.replacing(#""annotations": []"#, with: "\"something_new\": \(value)")
        #expect(AnswerExamples.record(.chatCompletions, body: body).exclusion() == .otherContent)
    }

    @Test(arguments: changedBodies)
    func whatIsNotAPlainWholeAnswerIsNotStored(
        api: ModelAPI, body: String, old: String, new: String, exclusion: AnswerExclusion
    ) {
        let changed = body.replacing(old, with: new)
        #expect(changed != body)
        #expect(AnswerExamples.record(api, body: changed).exclusion() == exclusion)
    }

    @Test(arguments: ["null", "\"\"", "[]", "{}", "false"])
    func aMemberThatSaysNothingDoesNotKeepAnAnswerOut(value: String) {
        let body = AnswerExamples.chatBody.replacing(#""annotations": []"#, with: "\"something_new\": \(value)")
        #expect(AnswerExamples.record(.chatCompletions, body: body).exclusion() == nil)
    }

    static let changedStreams: [(String, String, AnswerExclusion)] = [
        ("\"finish_reason\":\"stop\"", "\"finish_reason\":\"length\"", .finishReason),
        (#"{"content":"Hello"}"#, #"{"content":"Hello","reasoning_details":[{}]}"#, .otherContent),
        (#"{"content":"Hello"}"#, #"{"refusal":"I cannot"}"#, .refusal),
        (
            #""choices":[{"index":0,"delta":{"content":"Hello"}"#,
            #""choices":[{"index":1,"delta":{"content":"Hello"}"#, .severalChoices
        ),
        (
            #""logprobs":null,"finish_reason":null}],"usage":null}"#,
            #""logprobs":{"content":[]},"finish_reason":null}],"usage":null}"#, .otherContent
        ),
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
}
