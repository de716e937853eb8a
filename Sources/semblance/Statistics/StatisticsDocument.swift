import CacheModel
import FoundationEssentials

/// What STATISTICS answers, read as far as this program knows it.
struct StatisticsDocument: Hashable, Sendable {
    /// Numbers and flags by their path, such as `engine.entryCount`.
    private(set) var numbers: [String: Int] = [:]
    private(set) var texts: [String: String] = [:]
    /// By name, such as `stage.search`; none from a service that does not measure.
    private(set) var histograms: [String: BucketCounts] = [:]

    init() {}

    /// - Throws: `malformed-frame` for what is no JSON object.
    init(_ document: String) throws(CacheError) {
        guard let root = try? JSONDecoder().decode([String: Value].self, from: Data(document.utf8)) else {
            throw CacheError(.malformedFrame, "the statistics are not a JSON object")
        }
        for (name, value) in root {
            if name == "histograms", case .object(let fields) = value {
                for (name, value) in fields { histograms[name] = value.buckets }
            } else {
                collect(value, name)
            }
        }
    }

    subscript(path: String) -> Int { numbers[path] ?? 0 }

    private mutating func collect(_ value: Value, _ path: String) {
        switch value {
        case .number(let number): numbers[path] = Int(exactly: number.rounded()) ?? 0
        case .flag(let flag): numbers[path] = flag ? 1 : 0
        case .text(let text): texts[path] = text
        case .object(let fields): for (name, field) in fields { collect(field, "\(path).\(name)") }
        }
    }

    enum Value: Decodable, Hashable {
        case number(Double)
        case flag(Bool)
        case text(String)
        case object([String: Value])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .object(try container.decode([String: Value].self))
            }
        }

        /// Of a histogram; empty for anything else.
        var buckets: BucketCounts {
            guard case .object(let fields) = self, case .object(let buckets)? = fields["buckets"] else {
                return BucketCounts()
            }
            var counts: [Int: Int] = [:]
            for (bound, count) in buckets {
                guard let bound = Int(bound), case .number(let count) = count else { continue }
                counts[bound] = Int(exactly: count.rounded())
            }
            return BucketCounts(counts)
        }
    }
}

/// A histogram by the bounds of its buckets: how many values are at most the bound, and above that of the bucket before.
struct BucketCounts: Hashable, Sendable {
    private var counts: [Int: Int]

    init(_ counts: [Int: Int] = [:]) { self.counts = counts }

    var count: Int { counts.values.reduce(0, &+) }

    /// What has come since; everything when less is there than was, as after a restart.
    func since(_ earlier: BucketCounts) -> BucketCounts {
        guard count >= earlier.count else { return self }
        return BucketCounts(
            counts.merging(earlier.counts) { max(0, $0 &- $1) }.filter { bound, _ in counts[bound] != nil })
    }

    /// The bound that so large a share of the values does not exceed; nil without values.
    func quantile(_ share: Double) -> Int? {
        let rank = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (bound, count) in counts.sorted(by: { $0.key < $1.key }) {
            seen += count
            if seen >= rank { return bound }
        }
        return nil
    }
}
