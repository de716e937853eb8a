import GatewayCore

/// The steps of the demo. What is shown is what the gateways answered.
struct DemoTour {
    static let threshold = 0.9
    static let targetPrecision = 0.87

    let client: DemoClient
    /// Compares by the cosine of the encoder's vectors.
    let gateway: ServiceLocation
    /// Compares adapted vectors, and asks the match model.
    let matching: ServiceLocation
    let pairs: DemoPairs
    let model: String
    var screen = DemoScreen()
    private var questionCount = 0
    private var modelMilliseconds: [Double] = []

    init(client: DemoClient, gateway: ServiceLocation, matching: ServiceLocation, pairs: DemoPairs, model: String) {
        self.client = client
        self.gateway = gateway
        self.matching = matching
        self.pairs = pairs
        self.model = model
    }

    /// - Throws: `DemoClient.Problem` when an answer is not the one that the step is about.
    mutating func run() async throws {
        for server in [gateway, matching] { try await client.waitForCache(of: server) }
        try await firstQuestion()
        try await otherWords()
        try await otherOrder()
        try await newData()
        try await quotedPair()
        summary()
    }

    private static let reset = "How do I reset my password?"
    private static let forgotten = "I forgot my password, how can I reset it?"

    private mutating func firstQuestion() async throws {
        screen.step("A question for the first time", "A miss: the model is asked, and its answer stored.")
        try await ask(Self.reset, expecting: "miss", dependsOn: "kb/accounts@17")
        screen.step("The same again", "No embedding is needed for that.")
        try await ask(Self.reset, expecting: "hit", dependsOn: "kb/accounts@17")
    }

    private mutating func otherWords() async throws {
        screen.step(
            "Other words, the same question", "The use case takes a cosine similarity of \(Self.threshold) or more.")
        try await ask(Self.forgotten, expecting: "semantic-hit", dependsOn: "kb/accounts@17")
    }

    private mutating func otherOrder() async throws {
        screen.step(
            "Nearly the same words, another question",
            "Far above the threshold, and yet the guard of numbers vetoes the stored answer.")
        try await ask("How do I cancel order 48213?", expecting: "miss")
        try await ask("How do I cancel order 48231?", expecting: "miss", reason: "guard-number")
    }

    private mutating func newData() async throws {
        screen.step(
            "The data changes", "The answer was built from kb/accounts at version 17. A pipeline announces version 18 by a",
            "signed webhook; from its acknowledgement on the stored answer is given to nobody.")
        let news = #"{"source": "kb/accounts", "version": 18}"#
        let acknowledged = try await client.announce(news, to: gateway)
        screen.line("POST", "/v1/invalidations \(news)", .cyan)
        screen.line("acknowledged", "after \(Self.milliseconds(acknowledged.milliseconds)), durably")
        // The reason is `stale` for a moment, until what is stale has been cleared away.
        try await ask(Self.reset, expecting: "miss", dependsOn: "kb/accounts@18")
    }

    private static let (policy, refund) = ("What's our refund policy?", "How do I get a refund?")
    private static let returns = "What's our return policy?"

    /// No threshold of the cosine can take the one and leave the other.
    private mutating func quotedPair() async throws {
        screen.step(
            "The pair that everybody quotes",
            "To this encoder the wrong question is nearer than the right one, so no threshold can take the one and leave",
            "the other. An adapter moves the embeddings, and a match model looks at the words; both have learned from",
            "pairs of other questions.")
        guard let least = pairs.leastProbability(forPrecision: Self.targetPrecision) else {
            throw DemoClient.Problem(description: "the match model cannot promise a precision of \(Self.targetPrecision)")
        }
        screen.line("asked before", "\"\(Self.policy)\"")
        screen.line("", "                              cosine  adapted  probability of asking the same")
        for other in [Self.refund, Self.returns] {
            let reading = try await pairs.reading(Self.policy, other)
            let quoted = "\"\(other)\"".padded(to: 28)
            let adapted = reading.adaptedCosine.map { Self.decimals(Double($0)) } ?? "-"
            let isTaken = reading.probability >= least
            screen.line(
                "", "\(quoted)  \(Self.decimals(Double(reading.cosine)))   \(adapted)    \(Self.decimals(reading.probability))"
                    + (isTaken ? "  taken" : "  not taken") + ", \(Self.decimals(least)) is needed",
                isTaken ? .green : .yellow)
        }
        screen.line("asked of", "a gateway whose use case says target-precision: \(Self.targetPrecision)")
        try await ask(Self.policy, of: matching, expecting: nil)
        try await ask(Self.returns, of: matching, expecting: nil)
        try await ask(Self.refund, of: matching, expecting: nil)
    }

    private func summary() {
        let calls = modelMilliseconds.count
        let mean = modelMilliseconds.reduce(0, +) / Double(max(calls, 1))
        screen.plain("")
        screen.plain(
            "\(questionCount) questions, \(calls) calls of the model, which took \(Self.milliseconds(mean)) on average.")
        screen.plain("A gateway of your own: scripts/run. What it can do: docs/GATEWAY.md.")
    }

    // MARK: What the steps are made of

    private mutating func ask(
        _ question: String, of asked: ServiceLocation? = nil, expecting outcome: String?, reason: String? = nil,
        dependsOn: String? = nil
    ) async throws {
        let answer = try await client.ask(question, of: asked ?? gateway, model: model, dependsOn: dependsOn)
        questionCount += 1
        screen.line("ask", "\"\(question)\"" + (dependsOn.map { "  built from \($0)" } ?? ""))
        let found = answer["cache"]
        var details: [String] = []
        if !answer["cache-reason"].isEmpty { details.append(answer["cache-reason"]) }
        if found != "hit", !answer["similarity"].isEmpty { details.append("similarity \(answer["similarity"])") }
        if !answer["probability"].isEmpty { details.append("probability \(answer["probability"])") }
        if found == "hit" { details.append("letter for letter") }
        let isHit = found.hasSuffix("hit")
        screen.line(found, details.joined(separator: ", "), isHit ? .green : .yellow)
        let overhead = Self.milliseconds((Double(answer["overhead-us"]) ?? 0) / 1_000)
        screen.line(
            "took", Self.milliseconds(answer.milliseconds) + (isHit ? "" : ", \(overhead) of it before the model was asked"))
        if !isHit { modelMilliseconds.append(answer.milliseconds) }
        guard outcome == nil || found == outcome, reason == nil || answer["cache-reason"] == reason else {
            throw DemoClient.Problem(
                description: "\"\(question)\" was to be \(outcome ?? "")\(reason.map { " by \($0)" } ?? ""), and is not")
        }
    }

    private static func decimals(_ value: Double) -> String { DecimalText.text(value, digits: 3) }

    private static func milliseconds(_ value: Double) -> String {
        DecimalText.text(value, digits: value < 10 ? 2 : 0) + " ms"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
