import ArgumentParser
import FoundationEssentials
import PromptMatching
import TextEmbedding

struct MatcherCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matcher", abstract: "What decides whether two prompts ask the same.",
        subcommands: [MatcherTrainCommand.self])
}

struct MatcherTrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train the match model and the adapter on pairs of your own.",
        discussion: """
            A .csv file has the heading prompt_a,prompt_b,same_meaning, or row_a,row_b,same_meaning with --texts. A \
            .jsonl file has prompts by what they want: on each line an object with topic, intent and prompts, a list. \
            At least 200 pairs; a few thousand are worth it. The pairs of all files are cut into folds by question, \
            and what is reported is measured on questions that were not trained on. Takes minutes of processor time.
            """)

    @Argument(help: "Files of pairs, and whether they ask the same: 1 or 0; or of prompts by intent.")
    var pairs: [String]
    @Option(help: "How much a pair of a file counts in training: once for each file, in their order; 1 if left out.")
    var weight: [Float] = []
    @Option(help: "A file of texts, a JSON object with \"text\" on each line; pairs name its lines, counted from 0.")
    var texts: String?
    @Option(help: "The folder of the sentence encoder.") var encoder = "var/models/all-MiniLM-L6-v2"
    @Option(help: "Where adapter.weights and match-model.weights go.") var output = "var/matcher"
    @Option(help: "Folds of the evaluation; 0 to train without one.") var folds = 4
    @Option(help: "The same seed and pairs make the same weights.") var seed: UInt64 = 1
    @Flag(help: "Print the report as JSON.") var json = false

    func validate() throws {
        guard weight.isEmpty || weight.count == pairs.count else {
            throw ValidationError("--weight is given once for each file, or not at all.")
        }
        guard weight.allSatisfy({ $0 > 0 && $0 <= 1_000 }) else {
            throw ValidationError("--weight is above 0, and 1000 at most.")
        }
        guard folds == 0 || (2...10).contains(folds) else { throw ValidationError("--folds is 0, or from 2 through 10.") }
    }

    func run() async throws {
        do {
            let report = try train()
            Terminal.output(json ? try report.json : report.table)
        } catch {
            Terminal.error("\(error)")
            throw ExitCode(65)
        }
    }

    private func train() throws -> MatcherReport {
        let known = try texts.map { try LabeledPairs.texts(jsonLines: try Self.read($0)) } ?? []
        var labeled = LabeledPairs(joining: try pairs.map { try Self.labeled($0, texts: known) })
        if !weight.isEmpty { labeled.weights = weight }
        let sentenceEncoder = try SentenceEncoder(
            folder: encoder, kernels: EncoderKernels(environment: ProcessInfo.processInfo.environment))
        let embeddings = try embed(labeled.texts, sentenceEncoder)
        let prompts = labeled.texts.map { PromptText($0) }

        var training = MatcherTraining()
        training.seed = seed
        var reports: [MatcherEvaluation.Report] = []
        if folds > 0 {
            var evaluation = MatcherEvaluation()
            evaluation.training = training
            evaluation.foldCount = folds
            evaluation.seed = seed
            let progress = ProgressLine("evaluating")
            reports = try evaluation.run(labeled, prompts: prompts, embeddings: embeddings) { progress.show($0) }
            progress.end()
        }
        let progress = ProgressLine("training")
        let trained = try training.train(labeled, prompts: prompts, embeddings: embeddings) { progress.show($0) }
        progress.end()
        try write(trained)
        return MatcherReport(labeled, files: pairs, reports, trained.model, folder: output)
    }

    private static func labeled(_ path: String, texts: [String]) throws -> LabeledPairs {
        let data = try read(path)
        guard path.hasSuffix(".jsonl") else {
            return try LabeledPairs(csv: String(decoding: data, as: UTF8.self), texts: texts)
        }
        return try PromptIntents(jsonLines: data).pairs()
    }

    private func embed(_ texts: [String], _ encoder: SentenceEncoder) throws -> EmbeddingTable {
        let progress = ProgressLine("encoding \(texts.count) texts")
        let scratch = EncoderScratch()
        var values: [Float] = []
        for start in stride(from: 0, to: texts.count, by: Self.batchTexts) {
            let batch = Array(texts[start..<min(start + Self.batchTexts, texts.count)])
            for encoding in try encoder.encode(batch, scratch: scratch) { values += encoding.embedding }
            progress.show(Double(start + batch.count) / Double(texts.count))
        }
        progress.end()
        return try EmbeddingTable(dimension: encoder.dimension, values: values)
    }

    private static let batchTexts = 32

    private func write(_ trained: MatcherTraining.Result) throws {
        let folder = URL(filePath: output)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if let adapter = trained.adapter {
            try Data(adapter.encoded()).write(to: folder.appending(path: "adapter.weights"), options: .atomic)
        }
        try Data(trained.model.encoded()).write(to: folder.appending(path: "match-model.weights"), options: .atomic)
    }

    private static func read(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw MatchingError(.invalidPairs, "\(path) cannot be read")
        }
        return data
    }
}
