import CacheModel

/// How often each kind of request comes, as weights.
struct BenchMix: Hashable, Sendable {
    static let weightLimit = 1_000_000
    static let lookups = BenchMix(weights: [1, 0, 0, 0])
    static let pings = BenchMix(weights: [0, 0, 0, 1])

    /// One for each kind, in the order of `BenchKind.allCases`; not all zero.
    private let weights: [Int]
    private let total: Int

    private init(weights: [Int]) {
        self.weights = weights
        total = weights.reduce(0, +)
    }

    /// `90:9:1` for lookups, inserts and invalidations; a fourth weight is that of pings. What is left out is 0.
    ///
    /// - Throws: `invalid-argument`.
    init(parsing text: String) throws(CacheError) {
        let words = text.split(separator: ":", omittingEmptySubsequences: false)
        var weights = words.compactMap { word -> Int? in
            guard !word.isEmpty, word.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let weight = Int(word), weight <= Self.weightLimit
            else { return nil }
            return weight
        }
        guard weights.count == words.count, weights.count <= BenchKind.allCases.count else {
            throw CacheError(
                .invalidArgument,
                "'\(text)' is not a mix: write the weights of lookups, inserts and invalidations, such as 90:9:1",
                detail: ["got": text])
        }
        guard weights.contains(where: { $0 > 0 }) else {
            throw CacheError(.invalidArgument, "a mix of nothing but zeros asks for nothing", detail: ["got": text])
        }
        weights += Array(repeating: 0, count: BenchKind.allCases.count - weights.count)
        self.init(weights: weights)
    }

    subscript(kind: BenchKind) -> Int { weights[kind.rawValue] }

    func includes(_ kind: BenchKind) -> Bool { self[kind] > 0 }

    /// A kind by chance, as often as its weight says.
    func choose(using generator: inout some RandomNumberGenerator) -> BenchKind {
        var point = Int.random(in: 0..<total, using: &generator)
        for kind in BenchKind.allCases {
            if point < self[kind] { return kind }
            point -= self[kind]
        }
        return .lookup
    }
}

extension BenchMix: CustomStringConvertible {
    /// As it is written on the command line; pings only where there are any.
    var description: String {
        weights.prefix(includes(.ping) ? 4 : 3).map { "\($0)" }.joined(separator: ":")
    }
}
