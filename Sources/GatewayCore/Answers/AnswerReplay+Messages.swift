extension AnswerReplay {
    func messageBody() -> [UInt8] {
        guard let body = answer.body else {
            return message(
                content: answer.preface + [textBlock(answer.text)], stopReason: answer.finishReason, outputTokens: nil)
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
        let index = answer.preface.count
        events.opening = [Self.event("message_start", start)]
        for (index, block) in answer.preface.enumerated() { events.opening += thoughtEvents(block, index) }
        events.opening.append(blockStart(textBlock([]), index))
        let delta = "{\"type\":\"content_block_delta\",\"index\":\(index),\"delta\":{\"type\":\"text_delta\",\"text\":"
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
            blockStop(index),
            Self.event("message_delta", end),
            Self.event("message_stop", Array(#"{"type":"message_stop"}"#.utf8)),
        ]
        return events
    }

    private func blockStart(_ block: [UInt8], _ index: Int) -> [UInt8] {
        let data = JSONWriter.object {
            $0.member("type", "content_block_start")
            $0.member("index", index)
            $0.member("content_block", raw: block)
        }
        return Self.event("content_block_start", data)
    }

    private func blockStop(_ index: Int) -> [UInt8] {
        Self.event("content_block_stop", Array("{\"type\":\"content_block_stop\",\"index\":\(index)}".utf8))
    }

    /// A block of thoughts: begun empty, filled and ended; what is sealed comes whole.
    private func thoughtEvents(_ block: [UInt8], _ index: Int) -> [[UInt8]] {
        let root = ((try? JSONDocument(block, limits: .answer)) ?? .empty).root
        guard root["type"]?.stringValue == "thinking" else { return [blockStart(block, index), blockStop(index)] }
        var events = [blockStart(Array(#"{"type":"thinking","thinking":"","signature":""}"#.utf8), index)]
        for name in ["thinking", "signature"] {
            guard let value = root[name], !value.isEmpty else { continue }
            let data = JSONWriter.object {
                $0.member("type", "content_block_delta")
                $0.member("index", index)
                $0.objectMember("delta") {
                    $0.member("type", "\(name)_delta")
                    $0.member(name, raw: value.bytes)
                }
            }
            events.append(Self.event("content_block_delta", data))
        }
        return events + [blockStop(index)]
    }

    /// - Parameters:
    ///   - content: blocks.
    ///   - outputTokens: nil for all of them.
    private func message(content: [[UInt8]], stopReason: String?, outputTokens: Int?) -> [UInt8] {
        JSONWriter.object { message in
            message.member("id", identifier)
            message.member("type", "message")
            message.member("role", "assistant")
            message.member("model", answer.model)
            message.arrayMember("content") { list in content.forEach { list.raw($0) } }
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
