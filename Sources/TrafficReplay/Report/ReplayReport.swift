import GatewayCore

/// What a replay came to.
package struct ReplayReport: Sendable {
    package var lines: Int
    package var requests: Int
    package var problemCount: Int
    package var problems: [TrafficLog.Problem]
    package var questions: Int
    package var scopes: Int
    /// Requests that were compared by meaning, letter for letter only, and not at all.
    package var semanticRequests = 0
    package var exactRequests = 0
    package var bypassedRequests = 0
    /// Requests whose answer would not have been stored.
    package var unstoredRequests = 0
    /// Requests with a threshold of their own, which is kept at every threshold.
    package var fixedRequests = 0
    package var labeledRequests = 0
    package var labeledPairs: Int
    /// Of all requests whose cost is known.
    package var spent = NanoDollars.zero
    package var requestsOfUnknownCost = 0
    /// Models without a price, those with most requests first.
    package var unpricedModels: [(model: String, requests: Int)]
    /// Requests with neither a cost nor tokens.
    package var uncountedRequests: Int
    package var priceOrigin = ""
    package var encodedTexts = 0
    package var nearPairs = 0
    /// Questions with more near ones before them than were looked at.
    package var crowdedQuestions = 0
    package var hasTimes: Bool
    /// Whether any request has a time to live or a greatest age, which need times.
    package var needsTimes = false
    package var outcomes: [ReplayOutcome] = []

    init(_ log: TrafficLog, _ labels: PairLabels) {
        lines = log.lineCount
        requests = log.requests.count
        problemCount = log.problemCount
        problems = log.problems
        questions = log.questions.count
        scopes = log.scopeCount
        labeledPairs = labels.count
        unpricedModels = log.unpricedModels.map { ($0.key, $0.value) }
            .sorted { $0.requests != $1.requests ? $0.requests > $1.requests : $0.model < $1.model }
        uncountedRequests = log.uncountedRequests
        hasTimes = log.hasTimes
        for request in log.requests {
            switch request.lookup {
            case .bypass: bypassedRequests += 1
            case .exact: exactRequests += 1
            case .semantic(let target):
                semanticRequests += 1
                if case .fixed = target { fixedRequests += 1 }
            }
            if !request.isStored { unstoredRequests += 1 }
            if request.meaning >= 0 { labeledRequests += 1 }
            if let cost = request.cost { spent += cost } else { requestsOfUnknownCost += 1 }
            if request.timeToLiveMilliseconds != nil || request.maximumAgeMilliseconds != nil { needsTimes = true }
        }
    }

    /// What share of the known cost was saved; nil when none is known.
    package func savedShare(_ outcome: ReplayOutcome) -> Double? {
        spent > .zero ? Double(outcome.saved.count) / Double(spent.count) : nil
    }

    var hasLabels: Bool { outcomes.contains { $0.labeledHits > 0 } }
}
