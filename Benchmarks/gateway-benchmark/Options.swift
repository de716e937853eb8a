import BenchmarkHarness
import Foundation

/// What the benchmark is told, by `Benchmarks/gateway/run` or by hand.
struct Options {
    var binaries = URL(filePath: ".build/release")
    /// Of the encoder; nil leaves out what needs one.
    var model: URL?
    var out: URL?
    var rounds = 15
    var requestsPerRound = 400
    /// Of a round of throughput.
    var seconds = 3
    var streams = 1_000
    var streamEvents = 60
    var campaignRequests = 100_000
    var seed: UInt64 = 1
    var parts: Set<Part> = Set(Part.allCases)

    enum Part: String, CaseIterable {
        case latency, throughput, streams, campaign
    }

    static let help = """
        gateway-benchmark [option ...] [latency] [throughput] [streams] [campaign]
            --binaries FOLDER    with semblance and semblance-gateway (default: .build/release)
            --model FOLDER       of the encoder; without it nothing is compared by meaning
            --out FILE           writes the tables to a file as well
            --seed N             of the campaign
            --requests N         of the campaign (default: 100000)
            --quick              few rounds, to see whether everything works
        """

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        var chosen: Set<Part> = []
        func value(_ name: String) throws -> String {
            guard let value = rest.popFirst() else { throw Failure("\(name) needs a value") }
            return value
        }
        while let argument = rest.popFirst() {
            switch argument {
            case "--binaries": binaries = URL(filePath: try value(argument))
            case "--model": model = URL(filePath: try value(argument))
            case "--out": out = URL(filePath: try value(argument))
            case "--seed": seed = try number(try value(argument))
            case "--requests": campaignRequests = Int(try number(try value(argument)))
            case "--quick":
                (rounds, requestsPerRound, seconds, streams, streamEvents) = (3, 100, 1, 100, 20)
                campaignRequests = 5_000
            default:
                guard let part = Part(rawValue: argument) else { throw Failure("\(argument)?\n\n\(Self.help)") }
                chosen.insert(part)
            }
        }
        if !chosen.isEmpty { parts = chosen }
    }

    private func number(_ text: String) throws -> UInt64 {
        guard let number = UInt64(text), number <= 100_000_000 else { throw Failure("\(text) is no number") }
        return number
    }
}
