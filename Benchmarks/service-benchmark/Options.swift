import BenchmarkHarness
import Foundation

/// What the benchmark is told, by `Benchmarks/service/run` or by hand.
struct Options {
    var binaries = URL(filePath: ".build/release")
    var markdown: URL?
    var isJSON = false
    var seed: UInt64 = 1
    var parts: [Part] = []

    /// At least 5 for a median that one bad moment does not move.
    var rounds = 7
    var requestsPerRound = 5_000
    /// Of a round of PINGs, and of the closed loop that finds the capacity.
    var seconds = 2.0
    var rows = 30_000
    /// Of a round of inserts one by one.
    var inserts = 16_000
    var memoryRows = 1_000_000
    var overloadSeconds = 10.0
    var overloadConnections = 64

    enum Part: String, CaseIterable {
        case overhead, pings, writes, memory, overload
    }

    static let help = """
        service-benchmark [option ...] PART ...

        overhead   a lookup less its search, beside a GET of Redis, one at a time
        pings      PINGs, 16 deep over 32 connections, beside Redis'
        writes     an import, and inserts one by one over 32 connections, synced, beside Redis' appendfsync always
        memory     anonymous memory for each of a million rows
        overload   lookups at twice the capacity
        all        the five of them

            --binaries FOLDER   with semblance (default: .build/release)
            --out FILE          writes the tables to a file as well
            --json              prints one JSON document instead of tables
            --rounds N          (default: 7)
            --rows N            of memory (default: 1000000)
            --seconds N         of overload (default: 10)
            --connections N     of overload, 1 through 900 (default: 64)
            --seed N            of the vectors (default: 1)
            --quick             few short rounds and 20,000 rows, to see whether everything works

        TMPDIR names the disk that writes go to. The exit status is 1 when something failed; a bar that is missed is
        reported and is no failure.
        """

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        var chosen: Set<Part> = []
        if arguments.contains("--quick") { beQuick() }
        func value(_ name: String) throws -> String {
            guard let value = rest.popFirst() else { throw Failure("\(name) needs a value") }
            return value
        }
        func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
            let text = try value(name)
            guard let number = Int(text), range.contains(number) else {
                throw Failure("\(name) \(text): \(range.lowerBound) through \(range.upperBound) is possible")
            }
            return number
        }
        while let argument = rest.popFirst() {
            switch argument {
            case "--binaries": binaries = URL(filePath: try value(argument))
            case "--out": markdown = URL(filePath: try value(argument))
            case "--json": isJSON = true
            case "--seed": seed = UInt64(try number(argument, 0...Int.max))
            case "--rounds": rounds = try number(argument, 1...1_000)
            case "--rows": memoryRows = try number(argument, 1_000...100_000_000)
            case "--seconds": overloadSeconds = Double(try number(argument, 1...600))
            case "--connections": overloadConnections = try number(argument, 1...900)
            case "--quick": break
            case "all": chosen.formUnion(Part.allCases)
            default:
                guard let part = Part(rawValue: argument) else { throw Failure("\(argument)?\n\n\(Self.help)") }
                chosen.insert(part)
            }
        }
        guard !chosen.isEmpty else { throw Failure("Which part?\n\n\(Self.help)") }
        parts = Part.allCases.filter(chosen.contains)
    }

    private mutating func beQuick() {
        (rounds, requestsPerRound, seconds, rows, inserts) = (2, 500, 0.5, 5_000, 3_200)
        (memoryRows, overloadSeconds) = (20_000, 2)
    }
}
