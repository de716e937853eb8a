import Gateway
import GatewayCore
import PromptMatching

/// Walks through a log as the gateway would have: exact hits first, then the nearest stored questions, the judge, the
/// best that passes; what was no hit is stored.
///
/// Under each threshold the cache holds other things, since a hit is not stored: each is walked through by itself, over
/// the same lists of neighbors. An answer counts as stored at the time of its request.
struct ReplaySimulation {
    let log: TrafficLog
    let neighbors: NeighborLists
    let labels: PairLabels
    let judge: any ReplayJudge
    /// What the judge says whatever the bar is: guards and probabilities do not depend on it.
    private var opinions: [Pair: Verdict] = [:]

    init(log: TrafficLog, neighbors: NeighborLists, labels: PairLabels, judge: any ReplayJudge) {
        self.log = log
        self.neighbors = neighbors
        self.labels = labels
        self.judge = judge
    }

    private struct Pair: Hashable {
        var question: Int32
        var stored: Int32
        var guards: Int32
    }

    /// What is stored for a question.
    private struct Entry {
        /// Number of the request that was answered.
        var request: Int
        var createdAt: Int64?
        var expiresAt: Int64?
        var hasVector: Bool
    }

    private struct Near {
        var entry: Entry
        var question: Int32
        var similarity: Float
    }

    // MARK: One walk

    mutating func run(_ target: SemanticTarget) -> ReplayOutcome {
        var outcome = ReplayOutcome(target, requests: log.requests.count)
        var stored = [Entry?](repeating: nil, count: log.questions.count)
        let sweptBar = judge.bar(for: target)
        outcome.isPromised = sweptBar != nil
        for (number, request) in log.requests.enumerated() {
            var isHit = false
            var isCompared = false
            switch request.lookup {
            case .bypass: outcome.bypasses += 1
            case .exact:
                isHit = Self.isServable(stored[Int(request.question)], to: request)
                if isHit { outcome.exactHits += 1 }
            case .semantic(let own):
                let bar = if case .fixed(let fixed) = own { judge.bar(for: fixed) } else { sweptBar }
                isCompared = bar != nil
                isHit = Self.isServable(stored[Int(request.question)], to: request)
                if isHit {
                    outcome.exactHits += 1
                } else if let bar {
                    isHit = lookUpByMeaning(request, bar, stored, &outcome)
                }
            }
            if isHit {
                if let cost = request.cost { outcome.saved += cost } else { outcome.hitsOfUnknownCost += 1 }
            } else if request.isStored {
                stored[Int(request.question)] = Entry(
                    request: number, createdAt: request.time,
                    expiresAt: request.time.flatMap { time in request.timeToLiveMilliseconds.map { time &+ $0 } },
                    hasVector: isCompared)
            }
        }
        return outcome
    }

    /// Without times nothing grows old.
    private static func isServable(_ entry: Entry?, to request: ReplayedRequest) -> Bool {
        guard let entry else { return false }
        guard let time = request.time else { return true }
        if let expiresAt = entry.expiresAt, expiresAt <= time { return false }
        if let oldest = request.maximumAgeMilliseconds, let createdAt = entry.createdAt, createdAt < time &- oldest {
            return false
        }
        return true
    }

    /// - Returns: whether it is a hit.
    private mutating func lookUpByMeaning(
        _ request: ReplayedRequest, _ bar: MatchBar, _ stored: [Entry?], _ outcome: inout ReplayOutcome
    ) -> Bool {
        var vetoed: (near: Near, reason: CacheReason)?
        for near in candidates(request, bar.similarity, stored) {
            let verdict = verdict(request, near, bar)
            if let reason = verdict.veto {
                vetoed = vetoed ?? (near, reason)
                continue
            }
            outcome.semanticHits += 1
            if let probability = verdict.probability {
                outcome.expectedFalseHits = (outcome.expectedFalseHits ?? 0) + 1 - probability
            }
            if let isSame = labels.isSame(request, log.requests[near.entry.request], in: log) {
                outcome.labeledHits += 1
                if !isSame { noteFalseHit(request, near, &outcome) }
            }
            return true
        }
        guard let vetoed else { return false }
        if case .guarded(let name) = vetoed.reason {
            outcome.vetoes[name, default: 0] += 1
        } else {
            outcome.improbable += 1
        }
        if let isSame = labels.isSame(request, log.requests[vetoed.near.entry.request], in: log) {
            outcome.labeledVetoes += 1
            if isSame { outcome.wrongVetoes += 1 }
        }
        return false
    }

    /// The best stored questions at or above the threshold, the newer one first among equals.
    private func candidates(_ request: ReplayedRequest, _ threshold: Float, _ stored: [Entry?]) -> [Near] {
        var found: [Near] = []
        for neighbor in neighbors.near(request.question) {
            guard neighbor.similarity >= threshold else { break }
            if found.count >= CacheGateway.neighborCount, neighbor.similarity < found[found.count - 1].similarity { break }
            guard let entry = stored[Int(neighbor.question)], entry.hasVector, Self.isServable(entry, to: request) else {
                continue
            }
            found.append(Near(entry: entry, question: neighbor.question, similarity: neighbor.similarity))
        }
        found.sort {
            $0.similarity != $1.similarity ? $0.similarity > $1.similarity : $0.entry.request > $1.entry.request
        }
        return Array(found.prefix(CacheGateway.neighborCount))
    }

    private mutating func verdict(_ request: ReplayedRequest, _ near: Near, _ bar: MatchBar) -> Verdict {
        let pair = Pair(question: request.question, stored: near.question, guards: request.guards)
        if let known = opinions[pair] { return known.held(to: bar) }
        let opinion = judge.verdict(
            on: Candidate(
                prompt: PromptText(text(request.question)), storedPrompt: text(near.question),
                similarity: near.similarity, guards: log.guardSets[Int(request.guards)],
                bar: MatchBar(similarity: bar.similarity)))
        opinions[pair] = opinion
        return opinion.held(to: bar)
    }

    private func noteFalseHit(_ request: ReplayedRequest, _ near: Near, _ outcome: inout ReplayOutcome) {
        outcome.falseHits += 1
        guard outcome.falseHitExamples.count < ReplayOutcome.namedFalseHits else { return }
        outcome.falseHitExamples.append(
            .init(
                line: Int(request.line), storedLine: Int(log.requests[near.entry.request].line),
                prompt: text(request.question), storedPrompt: text(near.question),
                similarity: near.similarity))
    }

    private func text(_ question: Int32) -> String {
        let number = Int(log.questions[Int(question)].text)
        return log.texts.indices.contains(number) ? log.texts[number] : ""
    }
}
