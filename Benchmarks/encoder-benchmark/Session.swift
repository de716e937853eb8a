import Foundation
import TextEmbedding

/// What the commands on standard input work on.
///
/// A command is one line, its words separated by tabs; the answer is one line of JSON. Texts are files with a JSON string
/// in each line.
///
///     load FOLDER PRECISION              reads the model; `float32` or `bfloat16` names it from now on
///     tokens PRECISION TEXTS OUT         writes a line of token numbers for each text
///     encode PRECISION TEXTS OUT         writes float32, one embedding after the other, 32 texts at a time
///     round PRECISION TEXTS COUNT        encodes all texts as one batch, COUNT times; the time includes the tokenizer
///     queue PRECISION TEXTS CLIENTS      asks a queue for all texts, CLIENTS at a time; the times of single texts
final class Session {
    enum Failure: Error, CustomStringConvertible {
        case usage(String)

        var description: String {
            switch self {
            case .usage(let command): "this is not a command, or the model is not loaded: \(command)"
            }
        }
    }

    /// Any of these may be absent from an answer.
    struct Answer: Encodable {
        var error: String?
        var kernel: String?
        var dimension: Int?
        var weightBytes: Int?
        var texts: Int?
        var truncated: Int?
        /// Wall time of each batch, or of each text.
        var microseconds: [Double]?
        /// Wall time of all texts together, and the batches that they were encoded in.
        var seconds: Double?
        var batches: Int?
    }

    private var encoders: [EncoderPrecision: SentenceEncoder] = [:]
    private let scratch = EncoderScratch()

    func answer(_ command: String) async throws -> Answer {
        let words = command.split(separator: "\t").map(String.init)
        guard words.count >= 3, let precision = EncoderPrecision(rawValue: words[words[0] == "load" ? 2 : 1]) else {
            throw Failure.usage(command)
        }
        if words[0] == "load" { return try load(words[1], precision) }
        guard words.count == 4, let encoder = encoders[precision] else { throw Failure.usage(command) }
        let texts = try Self.texts(words[2])
        switch words[0] {
        case "tokens": return try tokens(encoder, texts, words[3])
        case "encode": return try encode(encoder, texts, words[3])
        case "round": return try round(encoder, texts, count: Int(words[3]) ?? 1)
        case "queue": return try await queue(encoder, texts, clients: Int(words[3]) ?? 1)
        default: throw Failure.usage(command)
        }
    }

    private static func texts(_ path: String) throws -> [String] {
        let lines = try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n"))
        return try lines.map { try JSONDecoder().decode(String.self, from: $0) }
    }

    private func load(_ folder: String, _ precision: EncoderPrecision) throws -> Answer {
        let kernels = try EncoderKernels(environment: ProcessInfo.processInfo.environment)
        let encoder = try SentenceEncoder(folder: folder, kernels: kernels, precision: precision)
        encoders[precision] = encoder
        return Answer(kernel: kernels.name, dimension: encoder.dimension, weightBytes: encoder.weightBytes)
    }

    private func tokens(_ encoder: SentenceEncoder, _ texts: [String], _ path: String) throws -> Answer {
        let tokens = texts.map { encoder.tokenizer.tokens(of: $0) }
        let lines = tokens.map { $0.identifiers.map(String.init).joined(separator: " ") + "\n" }
        try Data(lines.joined().utf8).write(to: URL(filePath: path))
        return Answer(texts: texts.count, truncated: tokens.count { $0.isTruncated })
    }

    private func encode(_ encoder: SentenceEncoder, _ texts: [String], _ path: String) throws -> Answer {
        var rows = Data()
        for start in stride(from: 0, to: texts.count, by: 32) {
            let some = Array(texts[start..<min(start + 32, texts.count)])
            for encoding in try encoder.encode(some, scratch: scratch) {
                encoding.embedding.withUnsafeBytes { rows.append(contentsOf: $0) }
            }
        }
        try rows.write(to: URL(filePath: path))
        return Answer(texts: texts.count)
    }

    private func round(_ encoder: SentenceEncoder, _ texts: [String], count: Int) throws -> Answer {
        var microseconds: [Double] = []
        for _ in 0..<count {
            let start = ContinuousClock.now
            _ = try encoder.encode(texts, scratch: scratch)
            microseconds.append((ContinuousClock.now - start) / .microseconds(1))
        }
        return Answer(microseconds: microseconds)
    }

    private func queue(_ encoder: SentenceEncoder, _ texts: [String], clients: Int) async throws -> Answer {
        let queue = EncodingQueue(encoder: encoder)
        let begun = ContinuousClock.now
        let microseconds = try await withThrowingTaskGroup(of: [Double].self) { group in
            for client in 0..<clients {
                group.addTask {
                    var microseconds: [Double] = []
                    for index in stride(from: client, to: texts.count, by: clients) {
                        let start = ContinuousClock.now
                        _ = try await queue.encode(texts[index])
                        microseconds.append((ContinuousClock.now - start) / .microseconds(1))
                    }
                    return microseconds
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return Answer(
            texts: texts.count, microseconds: microseconds, seconds: (ContinuousClock.now - begun) / .seconds(1),
            batches: queue.counters.batches)
    }
}
