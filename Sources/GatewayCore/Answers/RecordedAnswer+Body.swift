extension RecordedAnswer {
    /// Reads an answer that came whole.
    ///
    /// - Parameter status: the HTTP status of the upstream's answer.
    package init(_ api: ModelAPI, status: Int = 200, body: [UInt8], limits: JSONLimits = .answer) {
        self.init(api: api)
        guard let document = try? JSONDocument(body, limits: limits) else {
            ending = status == 200 ? .malformed : .failed(nil)
            return
        }
        read(document)
        if status != 200 { fail(document.root["error"]) }
    }

    /// Takes a whole answer in the API's own JSON.
    mutating func read(_ document: JSONDocument) {
        let root = document.root
        body = document
        if let error = root.present("error") { return fail(error) }
        identifier = root["id"]?.name
        model = root["model"]?.name
        usage = TokenUsage(api, root["usage"])
        let isRead =
            switch api {
            case .chatCompletions: readChatCompletion(root)
            case .responses: readResponse(root)
            case .messages: readMessage(root)
            case .embeddings: readEmbeddings(root)
            }
        if !isRead {
            ending = .malformed
        } else if ending == .open {
            ending = .complete
        }
    }

    private mutating func readChatCompletion(_ root: JSONView) -> Bool {
        createdSeconds = root["created"]?.seconds
        guard let choices = root["choices"], choices.kind == .array else { return false }
        choiceCount = choices.count
        guard let choice = choices.elements.first(where: { _ in true }), let message = choice["message"],
            message.kind == .object, message["role"]?.stringValue == "assistant"
        else { return false }
        finishReason = choice["finish_reason"]?.name
        noteOther(choice["logprobs"])
        noteOther(root["moderation"])
        var thoughts = RecordedThoughts()
        for name in Self.thoughtMembers {
            if let text = message[name]?.textValue, !text.isEmpty { thoughts.append(text, to: name, of: &self) }
        }
        if let object = thoughts.take(type: nil) { append(preface: object) }
        readChatMessage(message)
        setWhole(message["content"]?.textValue ?? [])
        return true
    }

    /// Where chat completions of reasoning models have their thoughts, as text.
    static let thoughtMembers = ["reasoning_content", "reasoning"]

    /// Reads what a message has besides its text, or what the delta of one has. Thoughts are the caller's to take.
    mutating func readChatMessage(_ message: JSONView) {
        for (name, value) in message.members where !value.saysNothing {
            switch name {
            case "role": break
            case "content": if value.kind != .string { hasOtherContent = true }
            case "refusal": isRefusal = true
            case "tool_calls":
                for call in value.elements {
                    append(ToolCall(identifier: call["id"]?.name, name: call["function"]?["name"]?.name))
                }
            case _ where Self.thoughtMembers.contains(name): if value.kind != .string { hasOtherContent = true }
            case "function_call": append(ToolCall(identifier: nil, name: value["name"]?.name))
            default: hasOtherContent = true
            }
        }
    }

    private mutating func readMessage(_ root: JSONView) -> Bool {
        if root["type"]?.stringValue == "error" {
            fail(root["error"])
            return true
        }
        guard root["type"]?.stringValue == "message", let content = root["content"], content.kind == .array else {
            return false
        }
        finishReason = root["stop_reason"]?.name
        isRefusal = finishReason == "refusal"
        noteOther(root["container"])
        var textBlocks = 0
        for block in content.elements {
            readContentBlock(block)
            if Self.isThought(block) { append(preface: Array(block.bytes)) }
            guard block["type"]?.stringValue == "text" else { continue }
            textBlocks += 1
            setWhole(block["text"]?.textValue ?? [])
        }
        if textBlocks > 1 { hasOtherContent = true }
        return true
    }

    /// Reads what kind of block a message has begun or holds.
    mutating func readContentBlock(_ block: JSONView) {
        switch block["type"]?.stringValue {
        case "text": noteOther(block["citations"])
        case "tool_use", "server_tool_use", "mcp_tool_use":
            append(ToolCall(identifier: block["id"]?.name, name: block["name"]?.name))
        default: if !Self.isThought(block) { hasOtherContent = true }
        }
    }

    /// Whether a block of a message is of the model's thoughts, readable or sealed.
    static func isThought(_ block: JSONView) -> Bool {
        ["thinking", "redacted_thinking"].contains(block["type"]?.stringValue)
    }

    private mutating func readResponse(_ root: JSONView) -> Bool {
        guard root["object"]?.stringValue == "response", let output = root["output"], output.kind == .array else {
            return false
        }
        createdSeconds = root["created_at"]?.seconds
        finishReason = root["status"]?.name
        noteOther(root["moderation"])
        var messages = 0
        for item in output.elements {
            switch item["type"]?.stringValue {
            case "message":
                messages += 1
                readResponseContent(item["content"])
            // A summary, and what is sealed, are replayed with the item as they are.
            case "reasoning": noteOther(item["content"])
            case let type? where type.hasSuffix("_call"):
                append(ToolCall(identifier: item["call_id"]?.name, name: item["name"]?.name ?? type))
            default: hasOtherContent = true
            }
        }
        if messages > 1 { hasOtherContent = true }
        return true
    }

    private mutating func readResponseContent(_ content: JSONView?) {
        guard let content, content.kind == .array else {
            hasOtherContent = true
            return
        }
        if content.count > 1 { hasOtherContent = true }
        for part in content.elements {
            switch part["type"]?.stringValue {
            case "output_text":
                noteOther(part["annotations"])
                noteOther(part["logprobs"])
                setWhole(part["text"]?.textValue ?? [])
            case "refusal": isRefusal = true
            default: hasOtherContent = true
            }
        }
    }

    private mutating func readEmbeddings(_ root: JSONView) -> Bool {
        guard let data = root["data"], data.kind == .array, !data.isEmpty else { return false }
        return data.elements.allSatisfy { !($0["embedding"]?.isEmpty ?? true) }
    }

    /// Takes the text of an answer that is whole. Chunks that were seen before must add up to it.
    private mutating func setWhole(_ whole: [UInt8]) {
        if chunkEnds.last != whole.count || text != whole { chunkEnds = [] }
        isCut = whole.count > AnswerLimits.answerBytes
        text = isCut ? [] : whole
    }
}
