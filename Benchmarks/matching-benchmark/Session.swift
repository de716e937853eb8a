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
        labeled = try LabeledPairs(csv: String(contentsOfFile: options.pairs, encoding: .utf8), texts: texts)
        prompts = texts.map { PromptText($0) }
        let matrix = try NumPyMatrix(path: options.embeddings)
        embeddings = try EmbeddingTable(dimension: matrix.columns, values: matrix.values)
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
        print("| wanted precision | probability | held-back recall | held-back precision | pairs | lower bound | floor |")
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
        print("\(options.folds) folds, seed \(options.seed), \(ContinuousClock.now - start)")
    }

    /// Mean ± standard deviation.
    private func spread(_ values: [Double]) -> String {
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count - 1, 1))
        return String(format: "%.3f ± %.3f", mean, variance.squareRoot())
    }
}
