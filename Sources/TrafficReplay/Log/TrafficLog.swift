import CacheModel
import Gateway
import GatewayCore

/// A question of one scope: requests that ask the same letter for letter have the same.
struct ReplayedQuestion: Sendable {
    /// Number of the scope.
    var scope: Int32
    /// Number of the text; -1 for what is compared letter for letter only.
    var text: Int32
}

/// What is kept of a request: some ninety bytes, and nothing of its body.
struct ReplayedRequest: Sendable {
    enum Lookup: Sendable {
        case bypass
        case exact
        case semantic(ReplayRules.Target)
    }

    /// Number of the question.
    var question: Int32
    /// Of the log, counted from 1.
    var line: Int32
    /// Milliseconds since 1970; nil where the log has no times up to here.
    var time: Int64?
    var lookup: Lookup
    var isStored: Bool
    var timeToLiveMilliseconds: Int64?
    var maximumAgeMilliseconds: Int64?
    /// Number of the set of guards.
    var guards: Int32
    /// What the call has cost; nil where nobody knows.
    var cost: NanoDollars?
    /// Number of the label of what it means; -1 without one.
    var meaning: Int32
}

/// A log of requests, read line by line and kept as far as a replay needs it.
///
/// Memory grows by each request's few numbers, and by each distinct question's text.
package struct TrafficLog: Sendable {
    package struct Problem: Hashable, Sendable {
        /// Counted from 1.
        package var line: Int
        package var reason: String
    }

    private(set) var requests: [ReplayedRequest] = []
    private(set) var questions: [ReplayedQuestion] = []
    private(set) var texts: [String] = []
    private(set) var guardSets: [Set<GuardName>] = []
    package private(set) var lineCount = 0
    /// Lines that no request could be made of.
    package private(set) var problemCount = 0
    /// The first of them.
    package private(set) var problems: [Problem] = []
    package private(set) var scopeCount = 0
    /// Models without a price, of requests whose line names no cost, with how many requests they had.
    package private(set) var unpricedModels: [String: Int] = [:]
    /// Requests with neither a cost nor tokens.
    package private(set) var uncountedRequests = 0

    private let rules: ReplayRules
    private var scopeNumbers: [Scope: Int32] = [:]
    private var questionNumbers: [ExactKey: Int32] = [:]
    private var textNumbers: [String: Int32] = [:]
    private var guardNumbers: [Set<GuardName>: Int32] = [:]
    private var meaningNumbers: [String: Int32] = [:]
    private var latestTime: Int64?

    static let namedProblems = 5
    static let largestCount = 10_000_000

    package init(rules: ReplayRules) { self.rules = rules }

    package var requestCount: Int { requests.count }
    package var questionCount: Int { questions.count }
    package var hasTimes: Bool { latestTime != nil }
    package var labeledCount: Int { requests.count { $0.meaning >= 0 } }

    /// The number of a text that some request asks by meaning.
    func number(ofText text: String) -> Int32? { textNumbers[text] }

    /// - Parameter line: nil for one that is too long.
    package mutating func take(_ line: [UInt8]?) {
        lineCount += 1
        guard let line else { return note("longer than \(LineReader.lineLimitBytes) bytes") }
        guard !line.allSatisfy({ [0x20, 0x09].contains($0) }) else { return }
        guard requests.count < Self.largestCount else {
            return note("more than \(Self.largestCount) requests are not replayed at once")
        }
        do {
            try take(LoggedCall(line: line, assumedModel: rules.assumedModel))
        } catch let problem as LoggedCall.Problem {
            note(problem.reason)
        } catch let error as GatewayError {
            note("the gateway would refuse it: \(error.message)")
        } catch {
            note("\(error)")
        }
    }

    private mutating func note(_ reason: String) {
        problemCount += 1
        if problems.count < Self.namedProblems { problems.append(Problem(line: lineCount, reason: reason)) }
    }

    private mutating func take(_ call: LoggedCall) throws {
        let inquiry = try Inquiry(
            try ModelRequest(call.api, body: call.body), fields: call.fields, identifier: "replay", start: .now,
            policy: rules.policy, routes: rules.routes, embeddingModel: nil)
        let decision = inquiry.decision
        var lookup: ReplayedRequest.Lookup
        var text: Int32 = -1
        switch decision.lookup {
        case .bypass: lookup = .bypass
        case .exact: lookup = .exact
        case .exactAndSemantic(let target, let words):
            lookup = .semantic(ReplayRules.target(target))
            text = number(words, in: &textNumbers)
            if text == texts.count { texts.append(words) }
        }
        var isStored = call.exclusion == nil && call.answerBytes <= decision.answerLimitBytes
        if case .no = decision.storing { isStored = false }
        if let time = call.time { latestTime = time }
        requests.append(
            ReplayedRequest(
                question: question(inquiry.fingerprint, text), line: Int32(clamping: lineCount), time: latestTime,
                lookup: lookup, isStored: isStored, timeToLiveMilliseconds: decision.timeToLiveMilliseconds,
                maximumAgeMilliseconds: decision.maximumAgeMilliseconds, guards: guardSet(decision.guards),
                cost: cost(call, inquiry.route.model),
                meaning: call.meaning.map { number($0, in: &meaningNumbers) } ?? -1))
    }

    private mutating func question(_ fingerprint: RequestFingerprint, _ text: Int32) -> Int32 {
        // The key's fingerprint has the scope in it.
        if let known = questionNumbers[fingerprint.key] {
            if questions[Int(known)].text < 0 { questions[Int(known)].text = text }
            return known
        }
        let scope = number(fingerprint.scope, in: &scopeNumbers)
        scopeCount = scopeNumbers.count
        questionNumbers[fingerprint.key] = Int32(questions.count)
        questions.append(ReplayedQuestion(scope: scope, text: text))
        return Int32(questions.count - 1)
    }

    private mutating func guardSet(_ guards: Set<GuardName>) -> Int32 {
        let found = number(guards, in: &guardNumbers)
        if found == guardSets.count { guardSets.append(guards) }
        return found
    }

    private func number<Key>(_ key: Key, in numbers: inout [Key: Int32]) -> Int32 {
        if let number = numbers[key] { return number }
        let number = Int32(numbers.count)
        numbers[key] = number
        return number
    }

    private mutating func cost(_ call: LoggedCall, _ routedModel: String) -> NanoDollars? {
        if let cost = call.cost { return cost }
        guard let usage = call.usage else {
            uncountedRequests += 1
            return nil
        }
        if let model = call.answeringModel, let price = rules.prices.price(model) { return price.cost(of: usage) }
        if let price = rules.prices.price(routedModel) { return price.cost(of: usage) }
        unpricedModels[call.answeringModel ?? routedModel, default: 0] += 1
        return nil
    }
}
