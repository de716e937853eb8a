import GatewayCore

/// The request in a line of a log, in the form in which the gateway would have got it.
struct LoggedRequest {
    var api: ModelAPI
    var fields: [HeaderField]
    var body: [UInt8]

    typealias Problem = LoggedCall.Problem

    /// Tries the forms in this order: a whole request, a prompt alone, an observation, and messages beside other things.
    init(_ root: JSONView, assumedModel: String) throws(Problem) {
        fields = Self.fields(root)
        if let body = Self.wholeBody(root) {
            api = try Self.api(root, body: body)
            self.body = Array(body.bytes)
            if let user = Self.user(root, ["user", "end_user", "user_id", "userId"]) { add("user", user) }
        } else if let prompt = root.first(["prompt", "question"]), prompt.kind == .string {
            api = .chatCompletions
            body = Self.chat(root, assumedModel) { json in
                json.arrayMember("messages") { messages in
                    if let system = root.present("system")?.stringValue {
                        messages.object { $0.member("role", "system"); $0.member("content", system) }
                    }
                    messages.object { $0.member("role", "user"); $0.member("content", prompt.stringValue ?? "") }
                }
            }
            if let user = Self.user(root, ["user", "user_id"]) { add("user", user) }
            if let namespace = root.present("namespace")?.stringValue { add("namespace", namespace) }
            if let useCase = root.present("use_case")?.stringValue { add("use-case", useCase) }
            if let timeToLive = root.present("ttl")?.stringValue { add("ttl", timeToLive) }
        } else if let messages = Self.messages(root) {
            api = try Self.api(root, body: nil)
            body = Self.chat(root, assumedModel) { json in
                json.member("messages", raw: messages.bytes)
                let parameters = root.first(["modelParameters", "model_parameters"])?.opened
                if let parameters, !parameters.isEmpty { json.member("model_parameters", raw: parameters.bytes) }
            }
            if let user = Self.user(root, ["end_user", "userId", "user_id"]) { add("user", user) }
        } else if let type = root.present("type")?.stringValue, type != "GENERATION", root["body"] == nil {
            throw Problem("no call of a model, but '\(type.prefix(40))'")
        } else {
            throw Problem("there is no body, prompt or list of messages in it")
        }
    }

    /// Adds what the line says to the headers, which go before it.
    private mutating func add(_ directive: String, _ value: String) {
        let name = HeaderField.ownPrefix + directive
        if !fields.contains(where: { $0.name == name }) { fields.append(HeaderField(name, value)) }
    }

    // MARK: Forms

    /// A request's body as it was sent: as JSON, or as a text with JSON in it.
    private static func wholeBody(_ root: JSONView) -> JSONView? {
        for name in ["body", "request_body", "request", "proxy_server_request"] {
            guard var body = root.present(name)?.opened, body.kind == .object else { continue }
            if let inner = body.present("body")?.opened, inner.kind == .object { body = inner }
            if body.present("model") != nil || body.present("messages") != nil || body.present("input") != nil {
                return body
            }
        }
        return nil
    }

    /// A list of messages beside what a log says of them, or in the `input` of an observation.
    private static func messages(_ root: JSONView) -> JSONView? {
        if let type = root.present("type")?.stringValue, type != "GENERATION" { return nil }
        for name in ["messages", "input"] {
            guard var value = root.present(name)?.opened else { continue }
            if value.kind == .object, let inner = value.present("messages")?.opened { value = inner }
            if value.kind == .array, !value.isEmpty { return value }
        }
        return nil
    }

    private static func chat(
        _ root: JSONView, _ assumedModel: String, _ members: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        JSONWriter.object { json in
            json.member("model", root.first(["model", "provided_model_name"])?.stringValue ?? assumedModel)
            members(&json)
        }
    }

    private static func user(_ root: JSONView, _ names: [String]) -> String? {
        names.lazy.compactMap { root.present($0)?.stringValue }.first { !$0.isEmpty }
    }

    private static func fields(_ root: JSONView) -> [HeaderField] {
        guard let headers = root.first(["headers", "request_headers"]) else { return [] }
        return headers.members.flatMap { name, value in
            value.kind == .array
                ? value.elements.compactMap { $0.stringValue.map { HeaderField(name, $0) } }
                : value.stringValue.map { [HeaderField(name, $0)] } ?? []
        }
    }

    // MARK: Endpoint

    private static func api(_ root: JSONView, body: JSONView?) throws(Problem) -> ModelAPI {
        if let text = root.first(["path", "url", "request_path"])?.stringValue {
            guard let api = ModelAPI(path: path(text)) else {
                throw Problem("the cache has no part in \(text.prefix(80))")
            }
            return api
        }
        if let call = root.present("call_type")?.stringValue {
            if call.contains("embedding") { return .embeddings }
            if call.contains("responses") { return .responses }
            if call.contains("anthropic") { return .messages }
            guard call.contains("completion"), !call.contains("text") else {
                throw Problem("the cache has no part in '\(call.prefix(40))'")
            }
            return .chatCompletions
        }
        guard let body else { return .chatCompletions }
        if body.present("messages") != nil {
            let answer = root.first(["response", "response_body"])?.opened
            return answer?.present("type")?.stringValue == "message" ? .messages : .chatCompletions
        }
        return root.first(["response", "response_body"])?.opened?.present("data") != nil ? .embeddings : .responses
    }

    /// From `/v1` on, whatever comes before it, without a query.
    private static func path(_ text: String) -> String {
        let whole = text.prefix { $0 != "?" && $0 != "#" }
        if let range = whole.firstRange(of: "/v1/") { return String(whole[range.lowerBound...]) }
        let path = whole.firstRange(of: "://").map { whole[$0.upperBound...].drop { $0 != "/" } } ?? whole
        return "/v1" + path
    }
}
