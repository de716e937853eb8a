extension RequestFacts {
    /// What makes no difference to embeddings. Everything that is not listed does, known or not.
    static let irrelevantToEmbeddings = ["user"]

    /// Reads the body of `/v1/embeddings`.
    init(embeddings root: JSONView) throws(GatewayError) {
        try self.init(root, irrelevant: Self.irrelevantToEmbeddings)
        isStream = false
        try readUser(root)
        let input = try root.required("input")
        guard input.kind == .string || input.kind == .array else { throw input.mismatch("a string or an array") }
        message = UserMessage(exactOnly: .embeddings)
    }
}
