/// Watches a stream pass by and writes down the answer that is in it.
///
/// Feed it every event, then read `answer`: a stream that was cut off, cancelled or not understood is never
/// `.complete`.
package struct AnswerRecorder: Sendable {
    package enum Disposition: Hashable, Sendable {
        case forward
        /// The client has not asked for this event.
        case withhold
    }

    package private(set) var answer: RecordedAnswer
    /// What is being thought right now.
    private var thoughts = RecordedThoughts()
    /// Which block of a message is its text.
    private var textBlock: Int?
    /// Whether the upstream was asked for a usage that the client has not asked for.
    private let withholdsUsage: Bool

    /// - Parameter withholdsUsage: what `UpstreamBody.addsStreamUsage` says.
    package init(_ api: ModelAPI, withholdsUsage: Bool = false) {
        answer = RecordedAnswer(api: api)
        self.withholdsUsage = withholdsUsage
    }

    /// - Returns: whether the client is to see the event.
    package mutating func record(_ event: ServerSentEvent) -> Disposition {
        guard let data = event.data else { return .forward }
        if data.elementsEqual(Self.done) {
            // Anthropic's streams and those of responses have marks of their own.
            if answer.api == .chatCompletions { endChat() }
            return .forward
        }
        guard let document = try? JSONDocument(data, limits: .answer), document.root.kind == .object else {
            if answer.ending == .open || answer.ending == .complete { answer.ending = .malformed }
            return .forward
        }
        // What comes after the end makes the end doubtful.
        if answer.ending == .complete { answer.ending = .malformed }
        switch answer.api {
        case .chatCompletions: return recordChat(document.root)
        case .messages: recordMessage(document.root)
        case .responses: recordResponse(document)
        case .embeddings: answer.ending = .malformed
        }
        return .forward
    }

    private static let done = Array("[DONE]".utf8)

    // MARK: Chat completions

    private mutating func endChat() {
        // `[DONE]` without a finish reason has been seen where a proxy in between gave up.
        guard answer.ending == .open else { return }
        endChatThoughts()
        answer.ending = answer.finishReason == nil ? .malformed : .complete
    }

    private mutating func endChatThoughts() {
        if let object = thoughts.take(type: nil) { answer.append(preface: object) }
    }

    private mutating func recordChat(_ chunk: JSONView) -> Disposition {
        if let error = chunk.present("error") {
            answer.fail(error)
            return .forward
        }
        answer.identifier = answer.identifier ?? chunk["id"]?.name
        answer.model = answer.model ?? chunk["model"]?.name
        answer.createdSeconds = answer.createdSeconds ?? chunk["created"]?.seconds
        answer.noteOther(chunk["moderation"])
        let usage = TokenUsage(.chatCompletions, chunk["usage"])
        if let usage { answer.usage = usage }
        guard let choices = chunk["choices"], choices.kind == .array else {
            answer.ending = .malformed
            return .forward
        }
        for choice in choices.elements { recordChatChoice(choice) }
        return withholdsUsage && usage != nil && choices.isEmpty ? .withhold : .forward
    }

    private mutating func recordChatChoice(_ choice: JSONView) {
        guard choice["index"]?.integerValue ?? 0 == 0 else {
            answer.choiceCount = max(answer.choiceCount, 2)
            return
        }
        answer.noteOther(choice["logprobs"])
        if let delta = choice.present("delta") {
            answer.readChatMessage(delta)
            for name in RecordedAnswer.thoughtMembers {
                if let text = delta[name]?.textValue, !text.isEmpty { thoughts.append(text, to: name, of: &answer) }
            }
            if let text = delta["content"]?.textValue, !text.isEmpty {
                endChatThoughts()
                answer.append(text)
            }
        }
        if let reason = choice.present("finish_reason") { answer.finishReason = reason.name ?? "" }
    }

    // MARK: Messages

    private mutating func recordMessage(_ event: JSONView) {
        switch event["type"]?.stringValue {
        case "message_start":
            answer.identifier = event["message"]?["id"]?.name
            answer.model = event["message"]?["model"]?.name
            updateUsage(event["message"]?["usage"])
            answer.noteOther(event["message"]?["container"])
        case "content_block_start":
            guard let block = event.present("content_block") else { return }
            // Its tool's name is known from here on; its arguments are not kept.
            answer.readContentBlock(block)
            if RecordedAnswer.isThought(block) { beginThought(block) }
            guard block["type"]?.stringValue == "text" else { return }
            if textBlock != nil { answer.hasOtherContent = true }
            textBlock = event["index"]?.integerValue ?? 0
            answer.append(block["text"]?.textValue ?? [])
        case "content_block_delta":
            switch event["delta"]?["type"]?.stringValue {
            case "text_delta": answer.append(event["delta"]?["text"]?.textValue ?? [])
            case "thinking_delta":
                thoughts.append(event["delta"]?["thinking"]?.textValue ?? [], to: "thinking", of: &answer)
            case "signature_delta":
                thoughts.append(event["delta"]?["signature"]?.textValue ?? [], to: "signature", of: &answer)
            case "input_json_delta": break
            default: answer.hasOtherContent = true
            }
        case "content_block_stop":
            if let block = thoughts.take(type: "thinking") { answer.append(preface: block) }
        case "message_delta":
            if let reason = event["delta"]?.present("stop_reason") { answer.finishReason = reason.name ?? "" }
            answer.isRefusal = answer.finishReason == "refusal"
            updateUsage(event["usage"])
        case "message_stop": if answer.ending == .open { answer.ending = .complete }
        case "error": answer.fail(event["error"])
        // Pings, and what may be invented later.
        default: break
        }
    }

    private mutating func beginThought(_ block: JSONView) {
        guard block["type"]?.stringValue == "thinking" else {
            // What is sealed comes whole.
            answer.append(preface: Array(block.bytes))
            return
        }
        thoughts.append(block["thinking"]?.textValue ?? [], to: "thinking", of: &answer)
        thoughts.append(block["signature"]?.textValue ?? [], to: "signature", of: &answer)
    }

    private mutating func updateUsage(_ usage: JSONView?) {
        guard let usage, usage.kind == .object else { return }
        var total = answer.usage ?? TokenUsage()
        total.update(fromMessages: usage)
        answer.usage = total
    }

    // MARK: Responses

    private mutating func recordResponse(_ document: JSONDocument) {
        let event = document.root
        switch event["type"]?.stringValue {
        case "response.created":
            answer.identifier = event["response"]?["id"]?.name
            answer.model = event["response"]?["model"]?.name
        case "response.output_text.delta": answer.append(event["delta"]?.textValue ?? [])
        case "response.completed", "response.incomplete", "response.failed":
            guard answer.ending == .open, let response = event["response"], response.kind == .object,
                let whole = try? JSONDocument(Array(response.bytes), limits: .answer)
            else {
                answer.ending = .malformed
                return
            }
            answer.read(whole)
        case "error": answer.fail(event.present("error") ?? event)
        default: break
        }
    }
}
