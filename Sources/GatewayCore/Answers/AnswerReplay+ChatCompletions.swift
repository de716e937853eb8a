extension AnswerReplay {
    func chatBody() -> [UInt8] {
        if let body = answer.body {
            var edits = edits(of: body)
            markCached(body.root["usage"], details: "prompt_tokens_details", in: &edits)
            return edits.apply()
        }
        return JSONWriter.object { body in
            body.member("id", identifier)
            body.member("object", "chat.completion")
            body.member("created", answer.createdSeconds)
            body.member("model", answer.model)
            body.arrayMember("choices") { choices in
                choices.object { choice in
                    choice.member("index", 0)
                    choice.objectMember("message") { message in
                        message.member("role", "assistant")
                        message.name("content")
                        message.string(answer.text)
                        message.nullMember("refusal")
                        for (name, value) in thoughts { message.member(name, raw: value) }
                    }
                    choice.nullMember("logprobs")
                    choice.member("finish_reason", answer.finishReason)
                }
            }
            if let usage = answer.usage { body.member("usage", raw: chatUsage(usage)) }
        }
    }

    func chatEvents(_ ranges: [Range<Int>], includesUsage: Bool) -> ReplayEvents {
        // Who has asked for the usage gets null of it in all chunks but the last.
        let ending = includesUsage ? Array(",\"usage\":null}".utf8) : [UInt8(ascii: "}")]
        func choice(_ delta: String, finish: String) -> [UInt8] {
            let choice = "\"choices\":[{\"index\":0,\"delta\":\(delta),\"logprobs\":null,\"finish_reason\":\(finish)}]"
            return chunkHead() + Array(choice.utf8) + ending
        }
        var finish = JSONWriter()
        finish.string(answer.finishReason)

        var events = ReplayEvents()
        events.text = answer.text
        events.chunks = ranges
        events.opening = [Self.event(nil, choice(#"{"role":"assistant","content":"","refusal":null}"#, finish: "null"))]
        for object in answer.preface {
            events.opening.append(Self.event(nil, choice(String(decoding: object, as: UTF8.self), finish: "null")))
        }
        events.prefix = Array("data: ".utf8) + chunkHead() + Array(#""choices":[{"index":0,"delta":{"content":"#.utf8)
        events.suffix = Array(#"},"logprobs":null,"finish_reason":null}]"#.utf8) + ending + Array("\n\n".utf8)
        events.closing = [Self.event(nil, choice("{}", finish: String(decoding: finish.bytes, as: UTF8.self)))]
        if includesUsage, let usage = answer.usage {
            let tail = Array(#""choices":[],"usage":"#.utf8) + chatUsage(usage) + [UInt8(ascii: "}")]
            events.closing.append(Self.event(nil, chunkHead() + tail))
        }
        events.closing.append(Self.event(nil, Array("[DONE]".utf8)))
        return events
    }

    /// The members of the message that the model's thoughts are in.
    private var thoughts: [(name: String, value: [UInt8])] {
        answer.preface.flatMap { object in
            let document = (try? JSONDocument(object, limits: .answer)) ?? .empty
            return document.root.members.map { ($0.name, Array($0.value.bytes)) }
        }
    }

    /// The beginning of every chunk, up to its choices.
    private func chunkHead() -> [UInt8] {
        let head = JSONWriter.object { chunk in
            chunk.member("id", identifier)
            chunk.member("object", "chat.completion.chunk")
            chunk.member("created", answer.createdSeconds)
            chunk.member("model", answer.model)
        }
        return head.dropLast() + [UInt8(ascii: ",")]
    }

    private func chatUsage(_ usage: TokenUsage) -> [UInt8] {
        JSONWriter.object { object in
            object.member("prompt_tokens", usage.inputTokens)
            object.member("completion_tokens", usage.outputTokens)
            object.member("total_tokens", usage.totalTokens)
            object.objectMember("prompt_tokens_details") { $0.member("cached_tokens", usage.inputTokens) }
            object.objectMember("completion_tokens_details") { $0.member("reasoning_tokens", usage.reasoningTokens) }
        }
    }
}
