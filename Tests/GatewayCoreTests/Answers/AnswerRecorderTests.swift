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
        let all = AnswerExamples.recordAndForward(
            .chatCompletions, stream: AnswerExamples.chatStream, withholdsUsage: false)
        #expect(all.forwarded == AnswerExamples.chatStream)
    }

    @Test func aUsageThatComesWithTextIsNotWithheld() {
        // As some providers do: without the chunk the text would be lost.
        let last = AnswerExamples.chatChunk("{\"content\":\"!\"}", finish: "\"stop\"")
            .replacing(#""usage":null"#, with: #""usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}"#)
        let (answer, forwarded) = AnswerExamples.recordAndForward(
            .chatCompletions, stream: last + AnswerExamples.done, withholdsUsage: true)
        #expect(forwarded == last + AnswerExamples.done)
        #expect(answer.usage == TokenUsage(inputTokens: 1, outputTokens: 2))
    }

    @Test func toolCallsOfAChatAreNoticed() {
        let answer = AnswerExamples.record(.chatCompletions, stream: AnswerExamples.chatToolStream)
        #expect(answer.toolCalls.first == RecordedAnswer.ToolCall(identifier: "call_1", name: "get_weather"))
        #expect(answer.exclusion() == .toolCalls)
    }

    @Test func anErrorInsideOfAChatStreamIsOne() {
        let stream =
            AnswerExamples.chatChunk(#"{"content":"a"}"#)
            + "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\"}}\n\n"
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

    private func prefaces(_ answer: RecordedAnswer) -> [String] {
        answer.preface.map { String(decoding: $0, as: UTF8.self) }
    }

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
        let answer = AnswerExamples.record(
            .responses, stream: AnswerExamples.responseStream("response.completed", body))
        #expect(answer.toolCalls == [RecordedAnswer.ToolCall(identifier: "call_1", name: "get_weather")])
        #expect(answer.exclusion() == .toolCalls)
    }

    @Test func aResponseThatFailedOrWasCutIsNotStored() {
        let failed = AnswerExamples.responseBody("", status: "failed")
            .replacing(#""error":null"#, with: #""error":{"code":"server_error","message":"m"}"#)
        let answer = AnswerExamples.record(.responses, stream: AnswerExamples.responseStream("response.failed", failed))
        #expect(answer.ending == .failed("server_error"))
        let cut = AnswerExamples.responseBody(status: "incomplete")
        let incomplete = AnswerExamples.record(
            .responses, stream: AnswerExamples.responseStream("response.incomplete", cut))
        #expect(incomplete.exclusion() == .finishReason)
        #expect(incomplete.usage?.outputTokens == 18)
        let error =
            "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit\",\"message\":\"m\",\"param\":null}\n\n"
        #expect(AnswerExamples.record(.responses, stream: error).exclusion() == .error)
    }

    @Test func embeddingsAreRead() {
        let answer = AnswerExamples.record(.embeddings, body: AnswerExamples.embeddings)
        #expect(answer.usage == TokenUsage(inputTokens: 8, outputTokens: 0))
        #expect(answer.exclusion() == nil)
    }

    // MARK: Hostile answers

    @Test(arguments: ["-1", "1099511627777", "9223372036854775807", "1e3", "\"7\"", "null", "{}"])
    func aCountOfTokensThatCannotBeIsNone(count: String) {
        let body = AnswerExamples.chatBody.replacing(#""prompt_tokens": 19"#, with: "\"prompt_tokens\": \(count)")
        #expect(
            AnswerExamples.record(.chatCompletions, body: body).usage == TokenUsage(inputTokens: 0, outputTokens: 10))
    }

    /// Whatever a value of an event or a body is exchanged for, it is recorded in order.
    @Test func noAnswerTraps() throws {
        for (api, body) in AnswerExamples.bodies {
            try exchangeValues(body) { _ = AnswerExamples.record(api, body: $0) }
        }
        for (api, stream) in AnswerExamples.streams {
            let events = stream.split(separator: "\n\n").map(String.init)
            for (index, event) in events.enumerated() {
                guard let data = event.split(separator: "data: ").last.map(String.init), data != "[DONE]" else {
                    continue
                }
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
