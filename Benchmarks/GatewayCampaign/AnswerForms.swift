package import GatewayCore

/// Answers as providers write them, with texts that need no escapes.
package enum AnswerForms {
    /// A whole response of HTTP.
    package static func http(_ body: String) -> [UInt8] {
        Array(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    package static let streamHead =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    package static let streamEnd = "0\r\n\r\n"

    /// A chunk of HTTP.
    package static func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n" }

    // MARK: Whole

    package static func body(_ api: ModelAPI, _ text: String) -> String {
        switch api {
        case .chatCompletions:
            """
            {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m-1","choices":[{"index":0,\
            "message":{"role":"assistant","content":"\(text)","refusal":null},"logprobs":null,"finish_reason":"stop"}],\
            "usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}
            """
        case .responses: response(text)
        case .messages:
            """
            {"id":"msg_1","type":"message","role":"assistant","model":"m-1","content":[{"type":"text","text":"\(text)"}],\
            "stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":3}}
            """
        case .embeddings: ""
        }
    }

    /// The call of a tool, whose only argument is the text: an answer that is never stored.
    package static func toolCall(_ text: String) -> String {
        """
        {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m-1","choices":[{"index":0,\
        "message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":\
        "look_up","arguments":"\(text)"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9,\
        "completion_tokens":3,"total_tokens":12}}
        """
    }

    private static func response(_ text: String) -> String {
        """
        {"id":"resp_1","object":"response","created_at":1700000000,"status":"completed","error":null,"model":"m-1",\
        "output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":\
        "output_text","text":"\(text)","annotations":[]}]}],"usage":{"input_tokens":9,"output_tokens":3,\
        "total_tokens":12}}
        """
    }

    // MARK: Streams

    package static func events(_ api: ModelAPI, _ words: [String]) -> [String] {
        switch api {
        case .chatCompletions: chatEvents(words)
        case .messages: messageEvents(words)
        case .responses: responseEvents(words)
        case .embeddings: []
        }
    }

    private static func chatEvents(_ words: [String]) -> [String] {
        func chunk(_ delta: String, _ reason: String) -> String {
            """
            data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m-1","choices":[\
            {"index":0,"delta":\(delta),"finish_reason":\(reason)}]}


            """
        }
        return [chunk(#"{"role":"assistant","content":""}"#, "null")]
            + words.map { chunk(#"{"content":"\#($0)"}"#, "null") } + [chunk("{}", #""stop""#), "data: [DONE]\n\n"]
    }

    private static func messageEvents(_ words: [String]) -> [String] {
        func event(_ type: String, _ rest: String) -> String {
            "event: \(type)\ndata: {\"type\":\"\(type)\"\(rest)}\n\n"
        }
        let message =
            #"{"id":"msg_1","type":"message","role":"assistant","model":"m-1","content":[],"stop_reason":null,"#
            + #""stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}"#
        return [
            event("message_start", #","message":\#(message)"#),
            event("content_block_start", #","index":0,"content_block":{"type":"text","text":""}"#),
        ]
            + words.map {
                event("content_block_delta", #","index":0,"delta":{"type":"text_delta","text":"\#($0)"}"#)
            }
            + [
                event("content_block_stop", #","index":0"#),
                event(
                    "message_delta",
                    #","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}"#),
                event("message_stop", ""),
            ]
    }

    private static func responseEvents(_ words: [String]) -> [String] {
        func event(_ type: String, _ rest: String) -> String {
            "event: \(type)\ndata: {\"type\":\"\(type)\",\(rest)}\n\n"
        }
        let begun =
            #"{"id":"resp_1","object":"response","created_at":1700000000,"status":"in_progress","model":"m-1","output":[]}"#
        let place = #""item_id":"msg_1","output_index":0,"content_index":0"#
        return [event("response.created", #""sequence_number":0,"response":\#(begun)"#)]
            + words.enumerated().map { index, word in
                event(
                    "response.output_text.delta", #""sequence_number":\#(index + 1),\#(place),"delta":"\#(word)""#)
            }
            + [
                event(
                    "response.completed",
                    #""sequence_number":\#(words.count + 1),"response":\#(response(words.joined()))"#)
            ]
    }
}
