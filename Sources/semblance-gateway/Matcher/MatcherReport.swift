import FoundationEssentials
import PromptMatching

/// What training came to, for people and for programs.
struct MatcherReport: Encodable {
    struct Method: Encodable {
        var method: String
        var area: Double
        /// The file, if the figures are of its pairs alone.
        var file: String?
        /// Recall at `precisions`.
        var recalls: [Double]
    }

    struct Threshold: Encodable {
        var precision: Double
        /// Nil when there are too few pairs to say.
        var probability: Double?
        var recall: Double?
        var precisionLowerBound: Double?
        /// The similarity below which next to nothing reaches the probability.
        var similarityFloor: Double?
    }

    var texts: Int
    var pairs: Int
    var pairsOfSameMeaning: Int
    var precisions = RankingReport.precisions
    var methods: [Method]
    var thresholds: [Threshold]
    var folder: String

    /// - Parameter files: of each of the sets that were joined.
    init(
        _ labeled: LabeledPairs, files: [String], _ reports: [MatcherEvaluation.Report], _ model: MatchModel,
        folder: String
    ) {
        texts = labeled.texts.count
        pairs = labeled.pairs.count
        pairsOfSameMeaning = labeled.pairs.count { $0.isSame }
        methods = reports.map {
            Method(method: $0.method.rawValue, area: $0.pooled.area, recalls: $0.pooled.recalls)
        }
        if files.count > 1, let whole = reports.first(where: { $0.method == .both }) {
            methods += zip(files, whole.parts).map { file, part in
                Method(method: whole.method.rawValue, area: part.area, file: file, recalls: part.recalls)
            }
        }
        thresholds = [0.80, 0.87, 0.90, 0.93, 0.95].compactMap { value in
            guard let target = TargetPrecision(value) else { return nil }
            let found = try? model.precision.threshold(for: target)
            return Threshold(
                precision: value, probability: found?.probability, recall: found?.recall,
                precisionLowerBound: found?.precisionLowerBound, similarityFloor: found?.similarityFloor)
        }
        self.folder = folder
    }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    var table: String {
        var lines = ["\(pairs) pairs of \(texts) texts, \(pairsOfSameMeaning) of the same meaning"]
        if !methods.isEmpty {
            let heading = precisions.map(Self.two).joined(separator: "  ")
            lines += ["", "ON QUESTIONS NOT TRAINED ON  AREA   RECALL AT PRECISION \(heading)"]
            for method in methods {
                let recalls = method.recalls.map(Self.three).joined(separator: " ")
                let name = Self.padded(method.file.map { "of \($0.suffix(22))" } ?? method.method, 27)
                lines.append("  \(name)\(Self.three(method.area))  \(Self.padded("", 20))\(recalls)")
            }
        }
        lines += ["", "TARGET PRECISION  PROBABILITY  RECALL  PRECISION IS AT LEAST  SIMILARITY FROM"]
        for threshold in thresholds {
            guard let probability = threshold.probability, let recall = threshold.recall,
                let bound = threshold.precisionLowerBound, let floor = threshold.similarityFloor
            else {
                lines.append("  \(Self.two(threshold.precision))            too few pairs to say")
                continue
            }
            let cells =
                [Self.two(threshold.precision)] + [probability, recall, bound, max(floor, 0)].map(Self.three)
            lines.append("  " + zip(cells, [16, 13, 8, 23, 0]).map { Self.padded($0, $1) }.joined())
        }
        lines += ["", "Weights are in \(folder)."]
        return lines.joined(separator: "\n")
    }

    private static func two(_ value: Double) -> String { decimals(value, 2) }
    private static func three(_ value: Double) -> String { decimals(value, 3) }

    private static func decimals(_ value: Double, _ count: Int) -> String {
        let scale = count == 2 ? 100.0 : 1_000.0
        let whole = Int((value * scale).rounded())
        let digits = String(whole % Int(scale))
        return "\(whole / Int(scale))." + String(repeating: "0", count: count - digits.count) + digits
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
