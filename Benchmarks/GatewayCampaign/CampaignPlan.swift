import GatewayCore

/// What a campaign asks next: mixed so that the same question comes from many sides, sometimes at the same time.
struct CampaignPlan: Sendable {
    enum Step: Sendable {
        /// Sent at the same time.
        case questions([CampaignQuestion])
        case invalidation(tenant: Int?, source: Int, version: UInt64)
    }

    private var generator: SeededGenerator
    private let requestCount: Int
    /// Questions that come again and again.
    private let topicCount: Int
    private var nextTopic: Int
    private(set) var questions: [CampaignQuestion] = []
    /// By tenant and source: the version that was acknowledged last, and the one that is on its way.
    private var acknowledged: [[UInt64]]
    private var announced: [[UInt64]]

    init(requestCount: Int, seed: UInt64) {
        generator = SeededGenerator(state: seed)
        self.requestCount = requestCount
        topicCount = max(6, requestCount / 400)
        nextTopic = topicCount
        questions.reserveCapacity(requestCount)
        let versions = [UInt64](repeating: 1, count: CampaignQuestion.sourceCount)
        acknowledged = Array(repeating: versions, count: CampaignQuestion.tenants.count + 1)
        announced = acknowledged
    }

    /// - Returns: nil when everything has been asked.
    mutating func next() -> Step? {
        guard questions.count < requestCount else { return nil }
        if chance(0.01) {
            let tenant = randomTenant()
            let (row, source) = (Self.row(tenant), Int.random(in: 0..<CampaignQuestion.sourceCount, using: &generator))
            if announced[row][source] == acknowledged[row][source] {
                announced[row][source] += 1
                return .invalidation(tenant: tenant, source: source, version: announced[row][source])
            }
        }
        guard chance(0.12) else { return .questions([ask(randomQuestion())]) }
        return .questions(burst())
    }

    /// The same question from several sides at once, often one that nobody has asked before.
    private mutating func burst() -> [CampaignQuestion] {
        var model = randomQuestion()
        if chance(0.7) {
            model.topic = nextTopic
            nextTopic += 1
        }
        return (0..<Int.random(in: 2...6, using: &generator)).map { _ in
            var question = model
            if chance(0.5) { question.tenant = randomTenant() }
            if chance(0.5) { question.user = randomUser() }
            if chance(0.3) { question.useCase = randomUseCase() }
            if chance(0.1) { question.wording = Int.random(in: 0..<CampaignQuestion.wordings.count, using: &generator) }
            return ask(question)
        }
    }

    mutating func acknowledge(tenant: Int?, source: Int, version: UInt64) {
        acknowledged[Self.row(tenant)][source] = version
    }

    private static func row(_ tenant: Int?) -> Int { tenant.map { $0 + 1 } ?? 0 }

    // MARK: Chance

    private mutating func ask(_ question: CampaignQuestion) -> CampaignQuestion {
        var question = question
        question.number = questions.count
        question.acknowledged = acknowledged[Self.row(question.tenant)]
        if let rest = question.rest { question.rest?.version = question.acknowledged[rest.source] }
        questions.append(question)
        return question
    }

    private mutating func randomQuestion() -> CampaignQuestion {
        let api: ModelAPI = chance(0.6) ? .chatCompletions : chance(0.5) ? .messages : .responses
        let source = Int.random(in: 0..<CampaignQuestion.sourceCount, using: &generator)
        return CampaignQuestion(
            number: 0, tenant: randomTenant(), user: randomUser(),
            userPlace: CampaignQuestion.UserPlace.allCases.randomElement(using: &generator) ?? .header,
            useCase: randomUseCase(), api: api, isStream: chance(0.4), system: chance(0.1) ? 1 : 0,
            temperature: chance(0.1) ? 1 : 0, hasTool: chance(0.15), topic: skewed(topicCount),
            wording: skewed(CampaignQuestion.wordings.count), rest: chance(0.25) ? .init(source: source, version: 0) : nil)
    }

    private mutating func randomTenant() -> Int? { chance(0.25) ? nil : skewed(CampaignQuestion.tenants.count) }

    private mutating func randomUser() -> Int? { chance(0.2) ? nil : skewed(CampaignQuestion.users.count) }

    private mutating func randomUseCase() -> CampaignUseCase {
        chance(0.5) ? .personal : chance(0.5) ? .app : .team
    }

    /// Small numbers more often.
    private mutating func skewed(_ count: Int) -> Int {
        let share = Double.random(in: 0..<1, using: &generator)
        return Int(share * share * Double(count))
    }

    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < share }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
