import CacheModel
package import Gateway
package import GatewayCore
import VectorSearch

/// A log, replayed: what each threshold would have saved.
///
///     var log = TrafficLog(rules: rules)
///     while let line = try lines.next() { log.take(line) }
///     let report = try await TrafficReplay(log, labels, judge).run(targets, embedder: embedder) { … }
package struct TrafficReplay: Sendable {
    package enum Stage: Hashable, Sendable {
        case encoding, searching, replaying
    }

    package var log: TrafficLog
    package var labels: PairLabels
    package var judge: any ReplayJudge

    private static let batchTexts = 64

    package init(_ log: TrafficLog, labels: PairLabels, judge: any ReplayJudge) {
        self.log = log
        self.labels = labels
        self.judge = judge
    }

    /// - Parameters:
    ///   - targets: thresholds or precisions to try.
    ///   - environment: may force vector kernels.
    ///   - progress: how much of a stage is done, of how much.
    /// - Throws: `GatewayError` of the encoder, `CacheError` for embeddings that are none.
    package func run(
        _ targets: [SemanticTarget], embedder: any PromptEmbedder, environment: [String: String] = [:],
        progress: (Stage, Int, Int) -> Void
    ) async throws -> ReplayReport {
        var report = ReplayReport(log, labels)
        let vectors = try await vectors(embedder) { progress(.encoding, $0, $1) }
        report.encodedTexts = vectors.count { $0 != nil }
        let neighbors = try NeighborLists(
            log, vectors: vectors, threshold: lowestThreshold(targets),
            kernels: try Kernels(environment: environment), blas: try BlasLibrary()
        ) { progress(.searching, $0, log.questions.count) }
        report.nearPairs = neighbors.pairCount
        report.crowdedQuestions = neighbors.crowdedCount
        var simulation = ReplaySimulation(log: log, neighbors: neighbors, labels: labels, judge: judge)
        for target in targets {
            report.outcomes.append(simulation.run(target))
            progress(.replaying, report.outcomes.count, targets.count)
        }
        return report
    }

    /// Texts that stand alone in their scope have nothing to be compared with, and are not encoded.
    private func vectors(_ embedder: any PromptEmbedder, _ progress: (Int, Int) -> Void) async throws -> [UnitVector?] {
        var members = [Int](repeating: 0, count: log.scopeCount)
        for question in log.questions where question.text >= 0 { members[Int(question.scope)] += 1 }
        var isWanted = [Bool](repeating: false, count: log.texts.count)
        for question in log.questions where question.text >= 0 && members[Int(question.scope)] > 1 {
            isWanted[Int(question.text)] = true
        }
        let wanted = isWanted.indices.filter { isWanted[$0] }
        var vectors = [UnitVector?](repeating: nil, count: log.texts.count)
        for start in stride(from: 0, to: wanted.count, by: Self.batchTexts) {
            let batch = wanted[start..<min(start + Self.batchTexts, wanted.count)]
            let embeddings = try await embedder.embed(batch.map { log.texts[$0] })
            guard embeddings.count == batch.count else {
                throw CacheError(.invalidVector, "The encoder gives another number of embeddings than of texts.")
            }
            for (number, embedding) in zip(batch, embeddings) { vectors[number] = try UnitVector(embedding) }
            progress(start + batch.count, wanted.count)
        }
        return vectors
    }

    /// No request of the log takes a candidate that is less similar.
    private func lowestThreshold(_ targets: [SemanticTarget]) -> Float {
        var all = targets
        for request in log.requests {
            if case .semantic(.fixed(let target)) = request.lookup { all.append(target) }
        }
        return all.compactMap { judge.bar(for: $0)?.similarity }.min() ?? 1
    }
}
