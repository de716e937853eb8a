extension GatewayError {
    /// The body of a response.
    ///
    /// - Parameter requestIdentifier: what `x-semblance-request-id` says; Anthropic's object repeats it.
    package func body(_ format: ErrorFormat, requestIdentifier: String? = nil) -> [UInt8] {
        JSONWriter.object { json in
            switch format {
            case .openAI, .openAIResponses: json.objectMember("error") { writeOpenAIMembers(&$0) }
            case .anthropic: writeAnthropicMembers(&json, requestIdentifier)
            }
        }
    }

    /// The last event of a stream that has begun, so that its status can no longer tell. Nothing follows it, no
    /// `[DONE]` either: the answer before it is not whole.
    ///
    /// - Parameter sequenceNumber: of the event in a stream of OpenAI's Responses.
    package func event(
        _ format: ErrorFormat, requestIdentifier: String? = nil, sequenceNumber: Int = 0
    ) -> [UInt8] {
        var event: [UInt8] = []
        switch format {
        case .openAI: event += "data: ".utf8
        case .openAIResponses, .anthropic: event += "event: error\ndata: ".utf8
        }
        switch format {
        case .openAI, .anthropic: event += body(format, requestIdentifier: requestIdentifier)
        case .openAIResponses:
            event += JSONWriter.object { json in
                json.member("type", "error")
                json.member("sequence_number", max(sequenceNumber, 0))
                json.member("code", code.rawValue)
                json.member("message", shownMessage)
                json.optionalMember("param", shownParameter)
            }
        }
        event += "\n\n".utf8
        return event
    }

    private func writeOpenAIMembers(_ json: inout JSONWriter) {
        json.member("message", shownMessage)
        json.member("type", code.type)
        json.optionalMember("param", shownParameter)
        json.member("code", code.rawValue)
    }

    private func writeAnthropicMembers(_ json: inout JSONWriter, _ requestIdentifier: String?) {
        json.member("type", "error")
        json.objectMember("error") { json in
            json.member("type", code.anthropicType)
            json.member("message", shownMessage)
            // Not of Anthropic's, whose clients pass over it: the stable name of the error.
            json.member("code", code.rawValue)
        }
        if let requestIdentifier { json.member("request_id", requestIdentifier) }
    }

    /// Names and values of a peer may stand in a message: it tells so much of them and no more.
    private var shownMessage: String { Self.shortened(message, limitBytes: GatewayLimits.errorMessageBytes) }
    private var shownParameter: String? {
        parameter.map { Self.shortened($0, limitBytes: GatewayLimits.errorParameterBytes) }
    }

    private static func shortened(_ text: String, limitBytes: Int) -> String {
        guard text.utf8.count > limitBytes else { return text }
        // Cut bytes may end in the middle of a character, which decoding would replace.
        let scalars = text.unicodeScalars
        var end = scalars.startIndex
        var length = 0
        while end < scalars.endIndex {
            length += UTF8.width(scalars[end])
            guard length <= limitBytes - "…".utf8.count else { break }
            end = scalars.index(after: end)
        }
        return String(scalars[..<end]) + "…"
    }
}

extension JSONWriter {
    mutating func optionalMember(_ name: String, _ value: String?) {
        if let value { member(name, value) } else { nullMember(name) }
    }
}
