/// What came of a campaign.
package struct CampaignReport: Sendable {
    /// By `x-semblance-cache`; what another request's call answered counts as `joined`.
    package internal(set) var outcomes: [String: Int] = [:]
    /// Answers that somebody else's request had been answered with, by who may see them: the pairs that were checked.
    package internal(set) var sharedAnswers = 0
    package internal(set) var crossings: [Crossing: Int] = [:]
    /// The first few, in words.
    package internal(set) var examples: [String] = []
    /// Responses that were no answer, by status.
    package internal(set) var refusals: [Int: Int] = [:]
    package internal(set) var invalidations = 0

    package init() {}

    package var requests: Int { outcomes.values.reduce(0, +) + refusals.values.reduce(0, +) }
    package var crossingCount: Int { crossings.values.reduce(0, +) }

    private static let exampleLimit = 5

    mutating func record(_ question: CampaignQuestion, _ heard: CampaignRun.Heard, _ maker: CampaignQuestion?) {
        guard heard.status == 200 else {
            refusals[heard.status, default: 0] += 1
            return note("status \(heard.status): \(String(decoding: heard.text.prefix(400), as: UTF8.self))")
        }
        guard let maker else {
            outcomes[heard.outcome, default: 0] += 1
            return note(.mixed, "to request \(question.number): \(String(decoding: heard.text, as: UTF8.self))")
        }
        let isOwn = maker.number == question.number
        let isStored = heard.outcome == "hit" || heard.outcome == "semantic-hit"
        outcomes[isOwn || isStored ? heard.outcome : "joined", default: 0] += 1
        if !isOwn { sharedAnswers += 1 }
        let isByMeaning = heard.outcome == "semantic-hit"
        if let crossing = question.crossing(seeing: maker, isByMeaning: isByMeaning) {
            note(crossing, "\(heard.outcome) to \(question) was made for \(maker)")
        }
    }

    private mutating func note(_ crossing: Crossing, _ example: String) {
        crossings[crossing, default: 0] += 1
        note("\(crossing.rawValue): \(example)")
    }

    private mutating func note(_ example: String) {
        if examples.count < Self.exampleLimit { examples.append(example) }
    }
}
