import Foundation
import Testing

@testable import TextEmbedding

/// With the model that `scripts/fetch-model` gets, where it is there: the embeddings of the demo were made by the
/// original.
@Suite struct RealModelTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// `SEMBLANCE_MODEL`, or where `scripts/fetch-model` puts it.
    static let folder =
        ProcessInfo.processInfo.environment["SEMBLANCE_MODEL"]
        ?? root.appending(path: "var/models/all-MiniLM-L6-v2").path

    static var isThere: Bool { FileManager.default.fileExists(atPath: folder + "/model.safetensors") }

    private struct Line: Decodable {
        var prompt: String
    }

    @Test(.enabled(if: isThere, "scripts/fetch-model has not been run"))
    func theDemosQueriesHaveTheEmbeddingsOfTheOriginal() throws {
        let lines = try String(contentsOf: Self.root.appending(path: "Demo/queries.jsonl"), encoding: .utf8)
        let prompts = try lines.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).prompt
        }
        let file = try Data(contentsOf: Self.root.appending(path: "Demo/queries.npy"))
        let floats = file.suffix(prompts.count * 384 * 4).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let kernels = try EncoderKernels(environment: [:])
        for precision in EncoderPrecision.allCases where kernels.supports(precision) {
            let encoder = try SentenceEncoder(folder: Self.folder, kernels: kernels, precision: precision)
            let encodings = try encoder.encode(prompts, scratch: EncoderScratch())
            for (row, encoding) in encodings.enumerated() {
                let original = floats[row * 384..<(row + 1) * 384].map(Double.init)
                let least = precision == .float32 ? 0.999999 : 0.999
                #expect(cosine(encoding.embedding, original) >= least, "\(precision), \(prompts[row])")
            }
        }
    }
}
