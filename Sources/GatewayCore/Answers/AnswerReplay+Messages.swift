extension AnswerReplay {
    func messageBody() -> [UInt8] {
        guard let body = answer.body else {
            return message(content: textBlock(answer.text), stopReason: answer.finishReason, outputTokens: nil)
        }
        var edits = edits(of: body)
        if let usage = body.root["usage"], usage.kind == .object {
            func set(_ name: String, _ count: Int) { edits.setMember(name, of: usage, to: Array(String(count).utf8)) }
            set("input_tokens", 0)
            set("cache_creation_input_tokens", 0)
            set("cache_read_input_tokens", answer.usage?.inputTokens ?? 0)
            // By how long each was to be kept: there was none.
            edits.removeMember("cache_creation", of: usage)
        }
        return edits.apply()
    }

    func messageEvents(_ ranges: [Range<Int>]) -> ReplayEvents {
        var events = ReplayEvents()
        events.text = answer.text
        events.chunks = ranges
        let start = JSONWriter.object {
            $0.member("type", "message_start")
            $0.member("message", raw: message(content: [], stopReason: nil, outputTokens: 0))
        }
        let block = Array(#"{"type":"content_block_start","index":0,"content_block":"#.utf8) + textBlock([])
        events.opening = [
            Self.event("message_start", start),
            Self.event("content_block_start", block + [UInt8(ascii: "}")]),
            Self.event("ping", Array(#"{"type":"ping"}"#.utf8)),
        ]
        let delta = #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"#
        events.prefix = Array("event: content_block_delta\ndata: \(delta)".utf8)
        events.suffix = Array("}}\n\n".utf8)
        let end = JSONWriter.object {
            $0.member("type", "message_delta")
            $0.objectMember("delta") {
                $0.member("stop_reason", answer.finishReason)
                $0.nullMember("stop_sequence")
            }
            $0.member("usage", raw: messageUsage(outputTokens: nil))
        }
        events.closing = [
            Self.event("content_block_stop", Array(#"{"type":"content_block_stop","index":0}"#.utf8)),
            Self.event("message_delta", end),
            Self.event("message_stop", Array(#"{"type":"message_stop"}"#.utf8)),
        ]
        return events
    }

    /// - Parameters:
    ///   - content: one block, or nothing for none.
    ///   - outputTokens: nil for all of them.
    private func message(content: [UInt8], stopReason: String?, outputTokens: Int?) -> [UInt8] {
        JSONWriter.object { message in
            message.member("id", identifier)
            message.member("type", "message")
            message.member("role", "assistant")
            message.member("model", answer.model)
            message.arrayMember("content") { if !content.isEmpty { $0.raw(content) } }
            if let stopReason {
                message.member("stop_reason", stopReason)
            } else {
                message.nullMember("stop_reason")
            }
            message.nullMember("stop_sequence")
            message.member("usage", raw: messageUsage(outputTokens: outputTokens))
        }
    }

    private func textBlock(_ text: [UInt8]) -> [UInt8] {
        JSONWriter.object {
            $0.member("type", "text")
            $0.name("text")
            $0.string(text)
        }
    }

    private func messageUsage(outputTokens: Int?) -> [UInt8] {
        JSONWriter.object {
            $0.member("input_tokens", 0)
            $0.member("cache_creation_input_tokens", 0)
            $0.member("cache_read_input_tokens", answer.usage?.inputTokens ?? 0)
            $0.member("output_tokens", outputTokens ?? answer.usage?.outputTokens ?? 0)
        }
    }
}
