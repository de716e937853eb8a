import GatewayCore

/// What providers send, as HTTP and byte for byte.
enum UpstreamAnswers {
    static func json(_ body: String, status: String = "200 OK", fields: String = "") -> [FakeUpstream.Step] {
        [
            .text(
                "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\(fields)\r\n"
                    + body)
        ]
    }

    static let streamHead = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    /// The bytes as chunks of HTTP.
    static func chunks(_ bytes: [UInt8], of size: Int = .max) -> String {
        stride(from: 0, to: bytes.count, by: min(size, max(bytes.count, 1))).map { start in
            let chunk = bytes[start..<min(bytes.count, start + min(size, bytes.count))]
            return String(chunk.count, radix: 16) + "\r\n" + String(decoding: chunk, as: UTF8.self) + "\r\n"
        }
        .joined()
    }

    static func stream(_ events: String, chunkBytes: Int = .max) -> [FakeUpstream.Step] {
        [.text(streamHead), .text(chunks(Array(events.utf8), of: chunkBytes)), .text("0\r\n\r\n")]
    }

    // MARK: Bodies and streams, by their API

    static func body(_ api: ModelAPI, _ text: String) -> String {
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
        case .embeddings:
            """
            {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-0.5]}],"model":"m-1",\
            "usage":{"prompt_tokens":2,"total_tokens":2}}
            """
        }
    }

    private static func response(_ text: String) -> String {
        """
        {"id":"resp_1","object":"response","created_at":1700000000,"status":"completed","error":null,"model":"m-1",\
        "output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":\
        "output_text","text":"\(text)","annotations":[]}]}],"usage":{"input_tokens":9,"output_tokens":3,\
        "total_tokens":12}}
        """
    }

    static func events(_ api: ModelAPI, _ words: [String]) -> String {
        switch api {
        case .chatCompletions: chatEvents(words)
        case .messages: messageEvents(words)
        case .responses: responseEvents(words)
        case .embeddings: ""
        }
    }

    private static func chatEvents(_ words: [String]) -> String {
        func chunk(_ delta: String, _ reason: String) -> String {
            """
            data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m-1","choices":[\
            {"index":0,"delta":\(delta),"finish_reason":\(reason)}]}


            """
        }
        return chunk(#"{"role":"assistant","content":""}"#, "null")
            + words.map { chunk(#"{"content":"\#($0)"}"#, "null") }.joined() + chunk("{}", #""stop""#)
            + "data: [DONE]\n\n"
    }

    private static func messageEvents(_ words: [String]) -> String {
        func event(_ type: String, _ rest: String) -> String {
            "event: \(type)\ndata: {\"type\":\"\(type)\"\(rest)}\n\n"
        }
        return event(
            "message_start",
            #","message":{"id":"msg_1","type":"message","role":"assistant","model":"m-1","content":[],"stop_reason":null,"#
                + #""stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}"#)
            + event("content_block_start", #","index":0,"content_block":{"type":"text","text":""}"#)
            + words.map {
                event("content_block_delta", #","index":0,"delta":{"type":"text_delta","text":"\#($0)"}"#)
            }.joined()
            + event("content_block_stop", #","index":0"#)
            + event(
                "message_delta",
                #","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}"#)
            + event("message_stop", "")
    }

    private static func responseEvents(_ words: [String]) -> String {
        func event(_ type: String, _ rest: String) -> String {
            "event: \(type)\ndata: {\"type\":\"\(type)\",\(rest)}\n\n"
        }
        let begun =
            #"{"id":"resp_1","object":"response","created_at":1700000000,"status":"in_progress","model":"m-1","output":[]}"#
        return event("response.created", #""sequence_number":0,"response":\#(begun)"#)
            + words.enumerated().map { index, word in
                event(
                    "response.output_text.delta",
                    #""sequence_number":\#(index + 1),"item_id":"msg_1","output_index":0,"content_index":0,"delta":"\#(word)""#
                )
            }.joined()
            + event(
                "response.completed",
                #""sequence_number":\#(words.count + 1),"response":\#(response(words.joined()))"#)
    }

    // MARK: Requests

    static func request(
        _ api: ModelAPI, _ question: String, isStream: Bool = false, model: String = "m-1", extra: String = ""
    ) -> String {
        let stream = isStream ? #","stream":true"# : ""
        return switch api {
        case .chatCompletions:
            #"{"model":"\#(model)","messages":[{"role":"user","content":"\#(question)"}]\#(stream)\#(extra)}"#
        case .responses: #"{"model":"\#(model)","input":"\#(question)"\#(stream)\#(extra)}"#
        case .messages:
            #"{"model":"\#(model)","max_tokens":64,"messages":[{"role":"user","content":"\#(question)"}]\#(stream)\#(extra)}"#
        case .embeddings: #"{"model":"\#(model)","input":"\#(question)"\#(extra)}"#
        }
    }
}
