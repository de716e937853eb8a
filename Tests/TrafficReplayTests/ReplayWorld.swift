import Gateway
import GatewayCore
import PromptMatching

@testable import TrafficReplay

/// Vectors of a table; texts that are not in it are unlike all others.
struct TableEmbedder: PromptEmbedder {
    var model: String { "table" }
    var vectors: [String: [Float]]
    static let dimension = 8

    func embed(_ texts: [String]) async throws -> [[Float]] {
        texts.enumerated().map { index, text in
            var vector = vectors[text] ?? []
            vector += Array(repeating: 0, count: Self.dimension - vector.count)
            if vectors[text] == nil { vector[2 + text.utf8.reduce(0) { ($0 &+ Int($1)) } % 6] = 1 }
            return vector
        }
    }

    /// A unit vector with this cosine to the first axis; all of them lie in one plane.
    static func at(cosine: Float) -> [Float] { [cosine, (1 - cosine * cosine).squareRoot()] }
}

/// Vetoes pairs of a list, and knows the probability of others.
struct ListJudge: ReplayJudge {
    /// Each as `asked|stored`.
    var vetoed: Set<String> = []
    var probabilities: [String: Double] = [:]

    /// The precision itself is the probability that is needed; nobody promises 0.99.
    func bar(for target: SemanticTarget) -> MatchBar? {
        switch target {
        case .similarity(let similarity): MatchBar(similarity: similarity)
        case .precision(let precision): precision < 0.99 ? MatchBar(similarity: 0.5, probability: precision) : nil
        }
    }

    func verdict(on candidate: Candidate) -> Verdict {
        let pair = candidate.prompt.tokens.map(\.text).joined() + "|" + candidate.storedPrompt
        if vetoed.contains(pair) { return Verdict(veto: .guarded(.number)) }
        return Verdict(probability: probabilities[pair]).held(to: candidate.bar)
    }
}

/// Logs that are written in a test.
enum ReplayWorld {
    static func rules(_ options: [String: String] = [:], prices: PriceTable = .builtIn) throws -> ReplayRules {
        ReplayRules(try GatewayConfiguration(options: options), prices: prices)
    }

    static func log(_ lines: [String], _ rules: ReplayRules? = nil) throws -> TrafficLog {
        var log = TrafficLog(rules: try rules ?? Self.rules())
        for line in lines { log.take(Array(line.utf8)) }
        return log
    }

    /// - Parameter prompts: a request each; what follows a bar is its label.
    static func lines(_ prompts: [String]) -> [String] {
        prompts.map { prompt in
            let parts = prompt.split(separator: "|", omittingEmptySubsequences: false)
            let meaning = parts.count > 1 ? #","meaning":"\#(parts[1])""# : ""
            return #"{"prompt":"\#(parts[0])","cost_usd":0.01\#(meaning)}"#
        }
    }

    static func report(
        _ log: TrafficLog, _ thresholds: [Float] = [], precisions: [Double] = [], vectors: [String: [Float]] = [:], judge: ListJudge = ListJudge(),
        labels: PairLabels = PairLabels()
    ) async throws -> ReplayReport {
        try await TrafficReplay(log, labels: labels, judge: judge).run(
            thresholds.map { .similarity($0) } + precisions.map { .precision($0) }, embedder: TableEmbedder(vectors: vectors)
        ) { _, _, _ in }
    }
}
