extension RequestFacts {
    /// What makes no difference to a message of Anthropic's API. Everything that is not listed does, known or not.
    ///
    /// `cache_control` makes none either where that API takes it, on blocks and tools.
    static let irrelevantToMessages = ["stream", "metadata", "service_tier", "cache_control"]

    /// Reads the body of `/v1/messages`.
    init(message root: JSONView) throws(GatewayError) {
        try self.init(root, irrelevant: Self.irrelevantToMessages)
        maximumOutputTokens = try root.required("max_tokens").integer()
        user = try root.present("metadata")?.object().present("user_id")?.string()
        if let metadata = root.present("metadata") {
            for (name, value) in metadata.members { self.metadata[name] = value.stringValue }
        }
        let tools = root.present("tools").map { Array($0.elements) } ?? []
        // A tool of a type of its own is run, or at least defined, by the provider.
        exclude(.hostedTool, if: tools.contains { $0.present("type")?.stringValue ?? "custom" != "custom" })
        exclude(.hostedTool, if: !(root.present("mcp_servers")?.isEmpty ?? true))
        exclude(.continuesStoredState, if: root.present("container") != nil)

        let messages = try root.required("messages").array()
        for message in messages.elements { _ = try message.object().required("role").string() }
        try readLastMessage(of: messages, textTypes: ["text"])

        omitMarks("cache_control", in: root.present("system"))
        omitMarks("cache_control", in: root.present("tools"))
        for message in messages.elements { omitMarks("cache_control", in: message.present("content")) }
    }
}
