import BenchmarkHarness
import Foundation
import TextEmbedding

/// Hits of questions that mean the same, beside the encoder alone on the same texts.
struct NearQuestions {
    let options: Options

    private static let subjects = [
        "reset the password of my account", "change the address of my order", "get a refund for a broken item",
        "cancel my subscription", "download an invoice", "contact the support team", "track my parcel",
        "delete my account", "update my credit card", "return shoes that are too small", "use a gift card",
        "find the opening hours of the shop", "switch on the dark mode", "export my data", "invite a colleague",
        "verify my email address",
    ]

    func run(_ model: URL, _ port: Int, _ report: Report) throws {
        let kernels = try EncoderKernels(environment: ProcessInfo.processInfo.environment)
        let encoder = try SentenceEncoder(folder: model.path, kernels: kernels)
        let scratch = EncoderScratch()
        let connection = try Connection(port: port)
        defer { connection.close() }
        func request(_ question: String) -> [UInt8] {
            Workload.request(question, headers: "x-semblance-use-case: near\r\n")
        }
        var near: [String] = []
        for subject in Self.subjects {
            _ = try connection.ask(request("How can I \(subject)?"))
            let question = "Hello, how can I \(subject)?"
            let response = try connection.ask(request(question))
            if response.header("x-semblance-cache") == "semantic-hit" { near.append(question) }
        }
        guard near.count >= 8 else { throw Failure("only \(near.count) questions are near to a stored one") }
        var hits: [Double] = []
        var encodings: [Double] = []
        var differences: [Double] = []
        for round in -1..<options.rounds {
            var times: (hit: [Double], encoding: [Double]) = ([], [])
            for question in near {
                let start = ContinuousClock.now
                _ = try encoder.encode([question], scratch: scratch)
                let encoding = (ContinuousClock.now - start) / .microseconds(1)
                let response = try connection.ask(request(question))
                guard response.header("x-semblance-cache") == "semantic-hit" else {
                    throw Failure("'\(question)' is no semantic hit any more")
                }
                times.hit.append(response.microseconds)
                times.encoding.append(encoding)
            }
            guard round >= 0 else { continue }
            hits.append(times.hit.median)
            encodings.append(times.encoding.median)
            differences.append(zip(times.hit, times.encoding).map { $0 - $1 }.median)
        }
        report.line("### Hits by meaning")
        report.line()
        report.line(
            "\(near.count) questions, each encoded by the encoder alone (\(kernels.name)) and then asked, in turn; "
                + "medians of \(options.rounds) rounds, µs.")
        report.line()
        report.line("| the encoder alone | a hit by meaning, end to end | over the encoder | least of a round |")
        report.line("|---|---|---|---|")
        let cells = [encodings.median, hits.median, differences.median, differences.min() ?? 0]
        report.line("| " + cells.map { "\(Int($0.rounded()))" }.joined(separator: " | ") + " |")
        report.line()
    }
}
