extension RequestFacts {
    /// What makes no difference to a response. Everything that is not listed does, known or not.
    static let irrelevantToResponses = [
        "stream", "stream_options", "user", "safety_identifier", "metadata", "service_tier", "store", "background",
        "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
    ]

    /// Reads the body of `/v1/responses`.
    init(response root: JSONView) throws(GatewayError) {
        try self.init(root, irrelevant: Self.irrelevantToResponses)
        try readMetadata(root)
        try readUser(root)
        maximumOutputTokens = try root.present("max_output_tokens")?.integer()
        let store = try root.present("store")?.boolean()
        // The provider keeps responses unless told not to. Only who says so in as many words needs this very one.
        isRetainedUpstream = store ?? true
        exclude(.background, if: try root.present("background")?.boolean() ?? false)
        exclude(.continuesStoredState, if: root.present("previous_response_id") != nil)
        exclude(.continuesStoredState, if: root.present("conversation") != nil)
        exclude(.retained, if: store ?? false)
        exclude(.logprobs, if: try root.present("top_logprobs")?.integer() ?? 0 > 0)
        if let included = try root.present("include")?.array() {
            exclude(.logprobs, if: included.elements.contains { $0.stringValue?.hasSuffix(".logprobs") ?? false })
        }
        if let template = try root.present("prompt")?.object() {
            exclude(.unversionedTemplate, if: template.present("version") == nil)
        }
        let tools = root.present("tools").map { Array($0.elements) } ?? []
        let callable: Set<String?> = ["function", "custom"]
        exclude(.hostedTool, if: !tools.allSatisfy { callable.contains($0.present("type")?.stringValue) })
        try readInput(root)
    }

    private mutating func readInput(_ root: JSONView) throws(GatewayError) {
        // With a template there may be no input.
        guard let input = root.present("input") else { return }
        switch input.kind {
        case .string: message = try UserMessage(content: input, textTypes: [])
        case .array:
            guard !input.isEmpty else { return }
            try readLastMessage(of: input, textTypes: ["input_text"])
            for item in input.elements { omitMarks("prompt_cache_breakpoint", in: item.present("content")) }
            exclude(.continuesStoredState, if: input.elements.contains(where: isReference))
        default: throw input.mismatch("a string or an array of items")
        }
    }
    /// The type of a reference may be left out: then there is nothing but its identifier.
    private func isReference(_ item: JSONView) -> Bool {
        item["type"]?.stringValue == "item_reference" || (item.present("type") == nil && item["role"] == nil)
    }
}
