/// What is read from a request's body; each API has an initializer of its own.
struct RequestFacts {
    var model: String
    var isStream: Bool
    var wantsStreamUsage = true
    var user: String?
    var metadata: [String: String] = [:]
    var toolCount = 0
    var choiceCount = 1
    var temperature: Double?
    var seed: Int?
    var maximumOutputTokens: Int?
    var exclusion: RequestExclusion?
    var isRetainedUpstream = false
    var message = UserMessage(exactOnly: .noText)
    var omissions: Set<Int> = []

    /// Reads what all APIs have in common.
    ///
    /// - Parameter irrelevant: top-level members that make no difference to the answer.
    init(_ root: JSONView, irrelevant: [String]) throws(GatewayError) {
        model = try root.required("model").string()
        guard !model.isEmpty else {
            throw GatewayError(.invalidRequest, "model must not be empty.", parameter: "model")
        }
        isStream = try root.present("stream")?.boolean() ?? false
        temperature = try root.present("temperature")?.number()
        toolCount = try root.present("tools")?.array().count ?? 0
        for name in irrelevant { root[name].map { _ = omissions.insert($0.node) } }
    }

    /// Reads the metadata of OpenAI's APIs: values are strings.
    mutating func readMetadata(_ root: JSONView) throws(GatewayError) {
        guard let metadata = try root.present("metadata")?.object() else { return }
        for (name, value) in metadata.members { self.metadata[name] = try value.string() }
    }

    /// Reads who asks; the newer name goes first.
    mutating func readUser(_ root: JSONView) throws(GatewayError) {
        user = try (root.present("safety_identifier") ?? root.present("user"))?.string()
    }

    /// Leaves out the marks of the provider's prompt cache on the objects of a list: they change what is paid for and
    /// not what is answered, and clients move them with every turn.
    mutating func omitMarks(_ name: String, in list: JSONView?) {
        guard let list, list.kind == .array else { return }
        for element in list.elements { element[name].map { _ = omissions.insert($0.node) } }
    }

    mutating func exclude(_ reason: RequestExclusion, if condition: Bool) {
        if condition, exclusion == nil { exclusion = reason }
    }

    /// Reads a conversation's last message, which must be the user's to be compared by meaning.
    ///
    /// - Parameter messages: an array of objects with a `role` each.
    mutating func readLastMessage(of messages: JSONView, textTypes: Set<String>) throws(GatewayError) {
        var last: JSONView?
        for message in messages.elements { last = try message.object() }
        guard let last else { throw messages.mismatch("a list of at least one message") }
        guard try last.present("role")?.string() == "user", try last.present("type")?.string() ?? "message" == "message"
        else {
            message = UserMessage(exactOnly: .lastMessageIsNotTheUsers)
            return
        }
        message = try UserMessage(content: last.required("content"), textTypes: textTypes)
    }
}
