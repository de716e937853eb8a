extension RequestFacts {
    /// What makes no difference to a chat completion. Everything that is not listed does, known or not.
    ///
    /// `model` is not in it: the fingerprint has it as a field of its own.
    static let irrelevantToChatCompletions = [
        "stream", "stream_options", "user", "safety_identifier", "metadata", "service_tier", "store",
        "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
    ]

    /// Reads the body of `/v1/chat/completions`.
    init(chatCompletion root: JSONView) throws(GatewayError) {
        try self.init(root, irrelevant: Self.irrelevantToChatCompletions)
        let streamOptions = try root.present("stream_options")?.object()
        wantsStreamUsage = try streamOptions?.present("include_usage")?.boolean() ?? false
        try readMetadata(root)
        try readUser(root)
        // What tools were called at first.
        toolCount += try root.present("functions")?.array().count ?? 0
        choiceCount = try root.present("n")?.integer() ?? 1
        seed = try root.present("seed")?.integer()
        let limit = root.present("max_completion_tokens") ?? root.present("max_tokens")
        maximumOutputTokens = try limit?.integer()
        exclude(.severalChoices, if: choiceCount != 1)
        exclude(.logprobs, if: try root.present("logprobs")?.boolean() ?? false)
        exclude(.retained, if: try root.present("store")?.boolean() ?? false)
        exclude(.hostedTool, if: root.present("web_search_options") != nil)
        var isTextOnly = true
        if let modalities = try root.present("modalities")?.array() {
            isTextOnly = modalities.elements.allSatisfy { $0.stringValue == "text" }
        }
        exclude(.otherModality, if: !isTextOnly || root.present("audio") != nil)

        let messages = try root.required("messages").array()
        for message in messages.elements { _ = try message.object().required("role").string() }
        try readLastMessage(of: messages, textTypes: ["text"])
        for message in messages.elements { omitMarks("prompt_cache_breakpoint", in: message.present("content")) }
    }
}
