import GatewayCore

/// What the simulated upstream says: that it is one, and what it was asked.
struct SimulatedAnswer {
    let request: ModelRequest
    let identifier: String
    let createdSeconds: Int64

    /// In pieces, as a model would send them.
    var words: [String] {
        var question = "…"
        if case .meaning(let text) = request.comparison { question = text }
        let quoted = question.count > Self.quotedCharacters ? question.prefix(Self.quotedCharacters) + "…" : question[...]
        let text = """
            [simulated] No model was asked: this answer comes from the upstream that stands in for one while none is \
            configured. The question was: "\(quoted)"
            """
        return text.split(separator: " ", omittingEmptySubsequences: false).enumerated().map { index, word in
            index == 0 ? String(word) : " " + word
        }
    }

    private static let quotedCharacters = 500

    var text: String { words.joined() }

    /// Roughly as many as a tokenizer would make of it: a token for every four bytes.
    var usage: TokenUsage {
        TokenUsage(inputTokens: request.document.bytes.count / 4 + 1, outputTokens: text.utf8.count / 4 + 1)
    }

    // MARK: Whole

    func body() -> [UInt8] {
        switch request.api {
        case .chatCompletions: chatCompletion()
        case .responses: response(text: text, status: "completed")
        case .messages: message(text: text, isWhole: true)
        case .embeddings: []
        }
    }

    // MARK: Streams

    /// Events before the words, one for each word, and after them.
    func events() -> (opening: [[UInt8]], words: [[UInt8]], closing: [[UInt8]]) {
        switch request.api {
        case .chatCompletions: chatEvents()
        case .responses: responseEvents()
        case .messages: messageEvents()
        case .embeddings: ([], [], [])
        }
    }

    private func event(_ name: String?, _ data: [UInt8]) -> [UInt8] {
        Array((name.map { "event: \($0)\n" } ?? "").utf8) + Array("data: ".utf8) + data + Array("\n\n".utf8)
    }

    // MARK: OpenAI's chat completions

    private func chatCompletion() -> [UInt8] {
        chat("chat.completion") { completion in
            completion.arrayMember("choices") { choices in
                choices.object { choice in
                    choice.member("index", 0)
                    choice.objectMember("message") {
                        $0.member("role", "assistant")
                        $0.member("content", text)
                    }
                    choice.member("finish_reason", "stop")
                }
            }
            completion.objectMember("usage", chatUsage)
        }
    }

    private func chatEvents() -> (opening: [[UInt8]], words: [[UInt8]], closing: [[UInt8]]) {
        var closing = [chunk(finishReason: "stop") { _ in }]
        if request.wantsStreamUsage {
            let last = chat("chat.completion.chunk") {
                $0.arrayMember("choices") { _ in }
                $0.objectMember("usage", chatUsage)
            }
            closing.append(event(nil, last))
        }
        closing.append(event(nil, Array("[DONE]".utf8)))
        let opening = chunk(finishReason: nil) {
            $0.member("role", "assistant")
            $0.member("content", "")
        }
        return ([opening], words.map { word in chunk(finishReason: nil) { $0.member("content", word) } }, closing)
    }

    private func chunk(finishReason: String?, _ delta: (inout JSONWriter) -> Void) -> [UInt8] {
        let data = chat("chat.completion.chunk") { chunk in
            chunk.arrayMember("choices") { choices in
                choices.object { choice in
                    choice.member("index", 0)
                    choice.objectMember("delta", delta)
                    if let finishReason {
                        choice.member("finish_reason", finishReason)
                    } else {
                        choice.nullMember("finish_reason")
                    }
                }
            }
        }
        return event(nil, data)
    }

    private func chat(_ object: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        JSONWriter.object {
            $0.member("id", identifier)
            $0.member("object", object)
            $0.member("created", createdSeconds)
            $0.member("model", request.model)
            members(&$0)
        }
    }

    private func chatUsage(_ writer: inout JSONWriter) {
        writer.member("prompt_tokens", usage.inputTokens)
        writer.member("completion_tokens", usage.outputTokens)
        writer.member("total_tokens", usage.totalTokens)
    }
}
