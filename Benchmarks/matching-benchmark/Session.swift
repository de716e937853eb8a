import Foundation
import PromptMatching

/// Reads the files, measures, prints tables.
struct Session {
    private let options: Options
    private let labeled: LabeledPairs
    private let prompts: [PromptText]
    private let embeddings: EmbeddingTable

    init(_ options: Options) throws {
        self.options = options
        let texts = try LabeledPairs.texts(jsonLines: Data(contentsOf: URL(fileURLWithPath: options.texts)))
        var sets = [try LabeledPairs(csv: String(contentsOfFile: options.pairs, encoding: .utf8), texts: texts)]
        var matrices = [try NumPyMatrix(path: options.embeddings)]
        if let path = options.intents, let embeddings = options.intentEmbeddings {
            var set = try PromptIntents(jsonLines: Data(contentsOf: URL(fileURLWithPath: path))).pairs()
            if let weight = options.intentWeight { set.weights = [weight] }
            sets.append(set)
            matrices.append(try NumPyMatrix(path: embeddings))
        }
        labeled = LabeledPairs(joining: sets)
        prompts = labeled.texts.map { PromptText($0) }
        embeddings = try EmbeddingTable(dimension: matrices[0].columns, values: matrices.flatMap(\.values))
    }

    func run() throws {
        printGuards()
        printTimes()
        if let weights = options.weights { try printModelTimes(URL(fileURLWithPath: weights)) }
        if options.folds > 1 { try printFolds() }
        if let output = options.output { try writeWeights(to: URL(fileURLWithPath: output)) }
    }

    /// Trains on all pairs.
    private func writeWeights(to folder: URL) throws {
        var training = options.training
        training.seed = options.seed
        let result = try training.train(labeled, prompts: prompts, embeddings: embeddings)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if let adapter = result.adapter {
            try Data(adapter.encoded()).write(to: folder.appending(path: "adapter.weights"))
        }
        try Data(result.model.encoded()).write(to: folder.appending(path: "match-model.weights"))
        print("adapter \(result.adapter?.fingerprint ?? "none")")
        let columns = ["probability", "held-back recall", "held-back precision", "pairs", "lower bound", "floor"]
        print("| wanted precision | \(columns.joined(separator: " | ")) |")
        print("|---|---|---|---|---|---|---|")
        for value in [0.80, 0.87, 0.90, 0.93, 0.95] {
            guard let target = TargetPrecision(value) else { continue }
            do {
                let found = try result.model.precision.threshold(for: target)
                let cells = [found.probability, found.recall, found.precision].map { String(format: "%.3f", $0) }
                let bound = String(format: "%.3f", found.precisionLowerBound)
                let floor = String(format: "%.3f", found.similarityFloor)
                print("| \(value) | \(cells.joined(separator: " | ")) | \(found.pairCount) | \(bound) | \(floor) |")
            } catch {
                print("| \(value) | \(error) |")
            }
        }
        guard labeled.parts.count > 1 else { return }
        let labels = labeled.pairs.map(\.isSame)
        print("| held back | AUC | recall at precision 0.87 | 0.90 | 0.93 |")
        print("|---|---|---|---|---|")
        for (part, name) in zip(labeled.parts, ["pairs", "intents"]) {
            let report = RankingReport(scores: Array(result.heldBack[part]), labels: Array(labels[part]))
            let cells = ([report.area] + report.recalls).map { String(format: "%.3f", $0) }
            print("| \(name) | \(cells.joined(separator: " | ")) |")
        }
        let threshold = try result.model.precision.threshold(for: MatcherEvaluation.target).probability
        printTaken(result.heldBack.map { $0 >= threshold })
    }

    // MARK: Guards

    private func printGuards() {
        var vetoes: [Guard: (same: Int, other: Int)] = [:]
        var vetoed = (same: 0, other: 0)
        for pair in labeled.pairs {
            let findings = GuardSet.findings(in: PromptPair(prompts[pair.first], prompts[pair.second]))
            for finding in findings {
                if pair.isSame { vetoes[finding.source, default: (0, 0)].same += 1 }
                if !pair.isSame { vetoes[finding.source, default: (0, 0)].other += 1 }
            }
            guard let finding = findings.first else { continue }
            if pair.isSame { vetoed.same += 1 } else { vetoed.other += 1 }
            if options.listsVetoes, pair.isSame {
                print("\(finding) | \(labeled.texts[pair.first]) | \(labeled.texts[pair.second])")
            }
        }
        let same = labeled.pairs.count { $0.isSame }
        print("| guard | vetoed of \(same) that ask the same | vetoed of \(labeled.pairs.count - same) others |")
        print("|---|---|---|")
        for source in Guard.allCases {
            let count = vetoes[source] ?? (0, 0)
            print("| \(source.rawValue) | \(count.same) | \(count.other) |")
        }
        print("| any | \(vetoed.same) | \(vetoed.other) |")
    }

    // MARK: Times

    private func printTimes() {
        let texts = labeled.texts.prefix(4_000)
        print(
            "median µs: prompt \(median(texts.map { text in time { _ = PromptText(text).tokens.count } }))",
            terminator: "")
        let guards = GuardSet()
        let pairs = labeled.pairs.prefix(4_000)
        let verdicts = pairs.map { pair in
            time { _ = guards.verdict(prompts[pair.first], prompts[pair.second]) }
        }
        print(", verdict \(median(verdicts))")
    }

    private func printModelTimes(_ folder: URL) throws {
        let adapter = try EmbeddingAdapter(
            decoding: [UInt8](Data(contentsOf: folder.appending(path: "adapter.weights"))))
        let model = try MatchModel(
            decoding: [UInt8](Data(contentsOf: folder.appending(path: "match-model.weights"))))
        let rows = (0..<min(embeddings.count, 2_000)).map { Array(embeddings[$0]) }
        print("median µs: adapter \(median(rows.map { row in time { _ = adapter.apply(row) } }))", terminator: "")
        let probabilities = labeled.pairs.prefix(4_000).map { pair in
            time {
                let prompts = PromptPair(prompts[pair.first], prompts[pair.second])
                _ = model.probability(prompts, similarity: 0.9)
            }
        }
        print(", features and probability \(median(probabilities))")
    }

    private func time(_ body: () -> Void) -> Double {
        let start = ContinuousClock.now
        body()
        let duration = ContinuousClock.now - start
        return Double(duration.components.attoseconds) / 1e12
    }

    private func median(_ values: [Double]) -> String {
        let sorted = values.sorted()
        return sorted.isEmpty ? "-" : String(format: "%.1f", sorted[sorted.count / 2])
    }

    // MARK: Folds

    private func printFolds() throws {
        var evaluation = MatcherEvaluation()
        evaluation.training = options.training
        evaluation.foldCount = options.folds
        evaluation.seed = options.seed
        let start = ContinuousClock.now
        let reports = try evaluation.run(labeled, prompts: prompts, embeddings: embeddings)
        print("| method | AUC | recall at precision 0.87 | 0.90 | 0.93 |")
        print("|---|---|---|---|---|")
        for report in reports {
            let cells = ([report.pooled.area] + report.pooled.recalls).map { String(format: "%.3f", $0) }
            print(
                "| \(report.method.rawValue), pooled | \(cells.joined(separator: " | ")) |"
            )
            let folds = (0..<4).map { column in
                spread(report.folds.map { column == 0 ? $0.area : $0.recalls[column - 1] })
            }
            print("| \(report.method.rawValue), folds | \(folds.joined(separator: " | ")) |")
        }
        if labeled.parts.count > 1 { printParts(reports) }
        print("\(options.folds) folds, seed \(options.seed), \(ContinuousClock.now - start)")
    }

    /// Of pairs and intents by themselves, and what is taken of two kinds of pairs of intents.
    private func printParts(_ reports: [MatcherEvaluation.Report]) {
        for report in reports {
            for (part, name) in zip(report.parts, ["pairs", "intents"]) {
                let cells = ([part.area] + part.recalls).map { String(format: "%.3f", $0) }
                print("| \(report.method.rawValue), \(name) | \(cells.joined(separator: " | ")) |")
            }
        }
        if let both = reports.first(where: { $0.method == .both }) { printTaken(both.isTaken) }
    }

    private func printTaken(_ isTaken: [Bool]) {
        guard let intents = labeled.parts.last else { return }
        var taken: [String: (count: Int, all: Int)] = [:]
        for index in intents {
            let pair = labeled.pairs[index]
            let kind = IntentPairKind(pair, texts: labeled.texts)
            let name = "\(pair.isSame ? "same" : "other"): \(kind.rawValue)"
            taken[name, default: (0, 0)].all += 1
            if isTaken[index] { taken[name, default: (0, 0)].count += 1 }
        }
        print("taken at a target precision of \(MatcherEvaluation.target.value), by topics not trained on:")
        for (name, count) in taken.sorted(by: { $0.key < $1.key }) {
            print("| \(name) | \(count.count) of \(count.all) |")
        }
        let pairs = labeled.parts[0]
        let takenPairs = pairs.filter { isTaken[$0] }
        let same = takenPairs.count { labeled.pairs[$0].isSame }
        print("| pairs | \(takenPairs.count) of \(pairs.count), \(same) of them the same |")
    }

    /// Mean ± standard deviation.
    private func spread(_ values: [Double]) -> String {
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count - 1, 1))
        return String(format: "%.3f ± %.3f", mean, variance.squareRoot())
    }
}
