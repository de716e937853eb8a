import GatewayCore

/// One line of a log: a request to a model as it was sent, and what became of it.
///
/// docs/REPLAY.md has the members that are read, by all their names.
struct LoggedCall {
    struct Problem: Error {
        var reason: String

        init(_ reason: String) { self.reason = reason }
    }

    var api: ModelAPI
    var fields: [HeaderField]
    var body: [UInt8]
    /// Milliseconds since 1970.
    var time: Int64?
    /// By the log's own word.
    var cost: NanoDollars?
    var usage: TokenUsage?
    /// The model that answered, by the answer's word.
    var answeringModel: String?
    /// Requests with the same label ask the same.
    var meaning: String?
    /// Why the cache would not have kept the answer, if the log has the answer.
    var exclusion: AnswerExclusion?
    /// Bytes of its answer as the log has it.
    var answerBytes = 0

    init(line: [UInt8], assumedModel: String) throws(Problem) {
        let root: JSONView
        do {
            root = try JSONDocument(line, limits: Self.limits).root
        } catch {
            throw Problem("not JSON: \(error)")
        }
        guard root.kind == .object else { throw Problem("not a JSON object") }
        let request = try LoggedRequest(root, assumedModel: assumedModel)
        api = request.api
        fields = request.fields
        body = request.body
        time = try root.first(Self.timeNames).map { value throws(Problem) in try Self.milliseconds(value) }
        cost = try root.first(Self.costNames).map { value throws(Problem) in try Self.cost(value) }
        meaning = root.first(["meaning", "label", "intent"]).flatMap(Self.label)
        readAnswer(root)
        if usage == nil { usage = Self.usage(root) }
    }

    static let limits = JSONLimits(bytes: LineReader.lineLimitBytes, depth: 128, values: 4_000_000)

    // MARK: When, and for how much

    static let timeNames = [
        "time", "timestamp", "startTime", "start_time", "created_at", "createdAt", "request_created_at",
    ]
    static let costNames = [
        "cost_usd", "cost", "spend", "response_cost", "total_cost", "totalCost", "calculatedTotalCost",
        "calculated_total_cost",
    ]

    /// A number since 1970 in seconds, milliseconds, microseconds or nanoseconds, told apart by its size; or a text as RFC
    /// 3339 has it.
    private static func milliseconds(_ value: JSONView) throws(Problem) -> Int64 {
        if let text = value.stringValue, let microseconds = InternetTime.microseconds(text) {
            return Int64(microseconds / 1_000)
        }
        let number = value.numberValue ?? value.stringValue.flatMap { Double($0) }
        guard let number, number >= 0, number < 1e19 else { throw Problem("its time cannot be read") }
        let milliseconds = number < 1e11 ? number * 1e3 : number < 1e14 ? number : number < 1e17 ? number / 1e3 : number / 1e6
        return Int64(milliseconds)
    }

    private static func cost(_ value: JSONView) throws(Problem) -> NanoDollars {
        let bytes = value.kind == .number ? Array(value.bytes) : value.textValue
        guard let bytes, let cost = NanoDollars(dollars: bytes) else {
            throw Problem("its cost is no number of dollars")
        }
        return cost
    }

    private static func label(_ value: JSONView) -> String? {
        switch value.kind {
        case .string: value.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        case .number, .boolean: String(decoding: value.bytes, as: UTF8.self)
        default: nil
        }
    }

    // MARK: The answer

    private mutating func readAnswer(_ root: JSONView) {
        var status = root.first(["status_code", "response_status", "status"])
        if var answer = root.first(["response", "response_body", "output"]).flatMap(\.opened), !answer.isEmpty {
            // As the lines of a batch's output have it.
            if let body = answer.present("body")?.opened, body.kind == .object {
                status = answer.present("status_code") ?? status
                answer = body
            }
            read(answer)
        } else if let answer = root.present("answer")?.textValue {
            answerBytes = answer.count
            if answer.isEmpty { exclusion = .empty }
        }
        let level = root.present("level")?.stringValue
        let hasFailed =
            status?.integerValue.map { $0 >= 400 } ?? (status?.stringValue.map { $0 == "failure" || $0 == "error" } ?? false)
            || level == "ERROR"
        if hasFailed || root.present("error") != nil { exclusion = .error }
    }

    private mutating func read(_ answer: JSONView) {
        guard answer.kind == .object else {
            answerBytes = answer.textValue?.count ?? answer.bytes.count
            return
        }
        let recorded = RecordedAnswer(api, body: Array(answer.bytes), limits: Self.limits)
        usage = recorded.usage
        answeringModel = recorded.model
        answerBytes = answer.bytes.count
        // Only what is there whole can be judged whole.
        let isWhole = ["choices", "output", "content", "data", "error"].contains { answer.present($0) != nil }
        if isWhole { exclusion = recorded.exclusion() }
    }

    // MARK: Tokens

    private static func usage(_ root: JSONView) -> TokenUsage? {
        let places = [root, root.present("usage"), root.present("usageDetails"), root.present("usage_details")]
        for place in places.compactMap(\.self) {
            guard let input = place.tokens(["input_tokens", "prompt_tokens", "promptTokens", "input"]),
                let output = place.tokens(["output_tokens", "completion_tokens", "completionTokens", "output"])
            else { continue }
            return TokenUsage(inputTokens: input, outputTokens: output)
        }
        return nil
    }
}

extension JSONView {
    /// The first member that is there and not null.
    func first(_ names: [String]) -> JSONView? {
        for name in names {
            if let value = present(name) { return value }
        }
        return nil
    }

    /// Itself, or the JSON object or array that is in it as a text.
    var opened: JSONView? {
        guard let text = textValue else { return self }
        guard let first = text.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return self }
        return (try? JSONDocument(text, limits: LoggedCall.limits))?.root ?? self
    }

    fileprivate func tokens(_ names: [String]) -> Int? {
        guard let count = first(names)?.integerValue, (0...AnswerLimits.tokenCount).contains(count) else { return nil }
        return count
    }
}
