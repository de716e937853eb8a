extension RequestFacts {
    /// What makes no difference to a message of Anthropic's API. Everything that is not listed does, known or not.
    ///
    /// `cache_control` makes none either, wherever it may stand by that API's rules: clients move it with every turn.
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

        omitCacheControl(in: root.present("system"))
        omitCacheControl(in: root.present("tools"))
        for message in messages.elements { omitCacheControl(in: message.present("content")) }
    }

    private mutating func omitCacheControl(in list: JSONView?) {
        guard let list, list.kind == .array else { return }
        for element in list.elements { element["cache_control"].map { _ = omissions.insert($0.node) } }
    }
}
