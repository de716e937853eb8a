@testable import GatewayCore

/// Answers as the providers send them.
enum AnswerExamples {
    static let chatBody = #"""
        {
          "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
          "object": "chat.completion",
          "created": 1741569952,
          "model": "gpt-4.1-2025-04-14",
          "choices": [
            {
              "index": 0,
              "message": {
                "role": "assistant",
                "content": "Hello! How can I assist you today?",
                "refusal": null,
                "annotations": []
              },
              "logprobs": null,
              "finish_reason": "stop"
            }
          ],
          "usage": {
            "prompt_tokens": 19,
            "completion_tokens": 10,
            "total_tokens": 29,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
              "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}
          },
          "service_tier": "default",
          "system_fingerprint": "fp_44709d6fcb"
        }
        """#

    private static let chatHead =
        #""id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","#
        + #""service_tier":"default","system_fingerprint":"fp_44709d6fcb""#

    static func chatChunk(_ delta: String, finish: String = "null") -> String {
        "data: {\(chatHead),"
            + #""choices":[{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(finish)}],"usage":null}"#
            + "\n\n"
    }

    static let chatUsageChunk =
        "data: {\(chatHead),"
        + #""choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"#
        + #""prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}}"# + "\n\n"

    static let done = "data: [DONE]\n\n"

    static let chatStream =
        chatChunk(#"{"role":"assistant","content":"","refusal":null}"#) + chatChunk(#"{"content":"Hello"}"#)
        + chatChunk(#"{"content":" w\u00f6rld"}"#) + chatChunk(#"{"content":" 😀"}"#)
        + chatChunk("{}", finish: "\"stop\"")
        + chatUsageChunk + done

    static let chatToolStream =
        chatChunk(
            #"{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","#
                + #""function":{"name":"get_weather","arguments":""}}]}"#
        ) + chatChunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"c\""}}]}"#)
        + chatChunk("{}", finish: "\"tool_calls\"") + done

    static let messageBody = #"""
        {"id":"msg_013Zva2CMHLNnXjNJJKqJ2EF","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929",
        "content":[{"type":"text","text":"Hi! My name is Claude."}],"stop_reason":"end_turn","stop_sequence":null,
        "usage":{"input_tokens":2095,"cache_creation_input_tokens":100,"cache_read_input_tokens":5,
        "cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":0},"output_tokens":503,
        "service_tier":"standard"}}
        """#

    static let messageStart = #"""
        event: message_start
        data: {"type": "message_start", "message": {"id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY", \#
        "type": "message", "role": "assistant", "content": [], "model": "claude-sonnet-4-5-20250929", \#
        "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 25, "cache_read_input_tokens": 3, \#
        "output_tokens": 1}}}


        """#

    static let messageStream =
        messageStart + #"""
            event: content_block_start
            data: {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}

            event: ping
            data: {"type": "ping"}

            event: content_block_delta
            data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}

            event: content_block_delta
            data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "!"}}

            event: content_block_stop
            data: {"type": "content_block_stop", "index": 0}

            event: message_delta
            data: {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence":null}, \#
            "usage": {"output_tokens": 15}}

            event: message_stop
            data: {"type": "message_stop"}


            """#

    static let messageToolStream =
        messageStart + #"""
            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Okay"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_01T",\#
            "name":"get_weather","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",\#
            "partial_json":"{\"location\":"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":1}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},\#
            "usage":{"output_tokens":89}}

            event: message_stop
            data: {"type":"message_stop"}


            """#

    static let messageThinkingStream =
        messageStart + #"""
            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"",\#
            "signature":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"They want"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta",\#
            "thinking":" 27 \u00d7 453."}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta",\#
            "signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking",\#
            "data":"EmwKAhgB"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":1}

            event: content_block_start
            data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"12,231"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":2}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},\#
            "usage":{"output_tokens":89,"output_tokens_details":{"thinking_tokens":60}}}

            event: message_stop
            data: {"type":"message_stop"}


            """#

    static let messageThinkingBody = messageBody.replacing(
        #"[{"type":"text""#,
        with:
            #"[{"type":"thinking","thinking":"Hm…","signature":"s"},{"type":"redacted_thinking","data":"d"},"#
            + #"{"type":"text""#
    )

    static let chatThinkingStream =
        chatChunk(#"{"role":"assistant","content":null,"reasoning_content":""}"#)
        + chatChunk(#"{"content":null,"reasoning_content":"They want"}"#)
        + chatChunk(#"{"content":null,"reasoning_content":" a number."}"#)
        + chatChunk(#"{"content":"12","reasoning_content":null}"#) + chatChunk("{}", finish: "\"stop\"")
        + chatUsageChunk + done

    static let chatThinkingBody = chatBody.replacing(
        #""refusal": null,"#, with: #""refusal": null, "reasoning_content": "They\nwant","#)

    static let messageError = #"""
        event: error
        data: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


        """#

    static func responseBody(_ output: String = responseOutput, status: String = "completed") -> String {
        #"""
        {"id":"resp_67ccd3a9da748190baa7f1570fe91ac6","object":"response","created_at":1741476777,"status":"\#(status)",
        "background":false,"error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,
        "model":"gpt-5-2025-08-07","output":[\#(output)],"parallel_tool_calls":true,"previous_response_id":null,
        "reasoning":{"effort":"low","summary":null},"store":true,"temperature":1,"text":{"format":{"type":"text"}},
        "tool_choice":"auto","tools":[],"top_p":1,"truncation":"disabled","usage":{"input_tokens":32,
        "input_tokens_details":{"cached_tokens":0,"cache_write_tokens":12},"output_tokens":18,\#
        "output_tokens_details":{"reasoning_tokens":2},
        "total_tokens":50},"user":null,"metadata":{}}
        """#.replacing("\n", with: "")
    }

    static let responseOutput = #"""
        {"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"gAAA"},{"id":"msg_67c","type":"message",
        "status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],
        "text":"Hi there!"}]}
        """#.replacing("\n", with: "")

    static let responseCall =
        #"{"type":"function_call","id":"fc_1","call_id":"call_1","name":"get_weather","arguments":"{}","#
        + #""status":"completed"}"#

    static func responseStream(_ last: String = "response.completed", _ body: String = responseBody()) -> String {
        """
        event: response.created
        data: {"type":"response.created","sequence_number":0,"response":\(responseBody("", status: "in_progress"))}

        event: response.output_item.added
        data: {"type":"response.output_item.added","sequence_number":1,"output_index":1,"item":{"id":"msg_67c",\
        "type":"message","status":"in_progress","role":"assistant","content":[]}}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_67c","output_index":1,\
        "content_index":0,"delta":"Hi","logprobs":[],"obfuscation":"x"}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_67c","output_index":1,\
        "content_index":0,"delta":" there!","logprobs":[],"obfuscation":"xy"}

        event: response.output_text.done
        data: {"type":"response.output_text.done","sequence_number":4,"item_id":"msg_67c","output_index":1,\
        "content_index":0,"text":"Hi there!","logprobs":[]}

        event: \(last)
        data: {"type":"\(last)","sequence_number":5,"response":\(body)}


        """
    }

    static let embeddings = #"""
        {"object":"list","data":[{"object":"embedding","embedding":[0.0023064255,-0.009327292],"index":0}],
        "model":"text-embedding-ada-002","usage":{"prompt_tokens":8,"total_tokens":8}}
        """#

    /// Everything that may be stored, as a stream or whole.
    static let streams: [(ModelAPI, String)] = [
        (.chatCompletions, chatStream), (.messages, messageStream), (.responses, responseStream()),
        (.chatCompletions, chatThinkingStream), (.messages, messageThinkingStream),
    ]
    static let bodies: [(ModelAPI, String)] = [
        (.chatCompletions, chatBody), (.messages, messageBody), (.responses, responseBody()),
        (.chatCompletions, chatThinkingBody), (.messages, messageThinkingBody), (.embeddings, embeddings),
    ]

    // MARK: Recording

    static func record(_ api: ModelAPI, stream: String, withholdsUsage: Bool = false) -> RecordedAnswer {
        recordAndForward(api, stream: stream, withholdsUsage: withholdsUsage).answer
    }

    static func recordAndForward(
        _ api: ModelAPI, stream: String, withholdsUsage: Bool
    ) -> (answer: RecordedAnswer, forwarded: String) {
        var parser = ServerSentEventParser()
        var recorder = AnswerRecorder(api, withholdsUsage: withholdsUsage)
        var forwarded: [UInt8] = []
        for event in (try? parser.append(Array(stream.utf8))) ?? [] where recorder.record(event) == .forward {
            forwarded += event.raw
        }
        return (recorder.answer, String(decoding: forwarded + parser.remainder, as: UTF8.self))
    }

    static func record(_ api: ModelAPI, body: String, status: Int = 200) -> RecordedAnswer {
        RecordedAnswer(api, status: status, body: Array(body.utf8))
    }
}

extension RecordedAnswer {
    var string: String { String(decoding: text, as: UTF8.self) }
}
