package import FoundationEssentials

/// Pairs of prompts of which people, or a shadow check, have said whether they ask the same thing.
///
/// Texts are numbered; a pair names two of them. `PAIRS.csv` comes in two forms, told apart by its heading:
/// `row_a,row_b,same_meaning` with numbers of lines in a file of texts, or `prompt_a,prompt_b,same_meaning` with the
/// texts themselves. `same_meaning` is 1 or 0.
package struct LabeledPairs: Sendable {
    package struct Pair: Sendable, Equatable {
        package let first: Int
        package let second: Int
        package let isSame: Bool

        package init(first: Int, second: Int, isSame: Bool) {
            self.first = first
            self.second = second
            self.isSame = isSame
        }
    }

    package private(set) var texts: [String]
    package private(set) var pairs: [Pair]
    /// Pairs of each set that was joined, as indices of `pairs`.
    package private(set) var parts: [Range<Int>]
    /// How much a pair of each part counts in training, above 0.
    package var weights: [Float]

    package init(texts: [String], pairs: [Pair]) throws(MatchingError) {
        for (number, pair) in pairs.enumerated()
        where !texts.indices.contains(pair.first) || !texts.indices.contains(pair.second) {
            throw MatchingError(.invalidPairs, "pair \(number) names a text that does not exist")
        }
        self.texts = texts
        self.pairs = pairs
        parts = [pairs.indices]
        weights = [1]
    }

    /// The pairs of one set after those of the other; texts keep their order.
    package init(joining sets: [LabeledPairs]) {
        texts = []
        pairs = []
        parts = []
        weights = []
        for set in sets {
            let offset = texts.count
            parts += set.parts.map { $0.lowerBound + pairs.count..<$0.upperBound + pairs.count }
            pairs += set.pairs.map {
                Pair(first: $0.first + offset, second: $0.second + offset, isSame: $0.isSame)
            }
            texts += set.texts
            weights += set.weights
        }
    }

    /// Per pair, the number of its part.
    var partOfPair: [Int] {
        parts.enumerated().flatMap { number, part in [Int](repeating: number, count: part.count) }
    }

    /// - Parameter texts: what `row_a` and `row_b` count; not needed where the pairs carry their texts.
    package init(csv: String, texts: [String] = []) throws(MatchingError) {
        var table = CommaSeparated(csv)
        guard let heading = table.next() else { throw MatchingError(.invalidPairs, "the file of pairs is empty") }
        let hasTexts: Bool
        switch heading {
        case ["row_a", "row_b", "same_meaning"]: hasTexts = false
        case ["prompt_a", "prompt_b", "same_meaning"]: hasTexts = true
        default:
            throw MatchingError(
                .invalidPairs, "the heading must be row_a,row_b,same_meaning or prompt_a,prompt_b,same_meaning")
        }
        var all = hasTexts ? [] : texts
        var numbers: [String: Int] = [:]
        var pairs: [Pair] = []
        func number(of field: String) -> Int? {
            guard hasTexts else { return Int(field) }
            if let number = numbers[field] { return number }
            all.append(field)
            numbers[field] = all.count - 1
            return all.count - 1
        }
        while let fields = table.next() {
            guard fields.count == 3, fields[2] == "0" || fields[2] == "1", let first = number(of: fields[0]),
                let second = number(of: fields[1])
            else { throw MatchingError(.invalidPairs, "line \(pairs.count + 2) is not a pair") }
            pairs.append(Pair(first: first, second: second, isSame: fields[2] == "1"))
        }
        try self.init(texts: all, pairs: pairs)
    }

    /// One JSON object a line, each with `text`.
    package static func texts(jsonLines data: Data) throws(MatchingError) -> [String] {
        struct Line: Decodable {
            let text: String
        }
        let decoder = JSONDecoder()
        var texts: [String] = []
        for line in data.split(separator: UInt8(ascii: "\n")) {
            guard let decoded = try? decoder.decode(Line.self, from: Data(line)) else {
                throw MatchingError(.invalidPairs, "line \(texts.count + 1) of the texts has no text")
            }
            texts.append(decoded.text)
        }
        return texts
    }
}

/// Lines of fields; a field with commas or quotation marks stands in quotation marks, which are doubled inside.
private struct CommaSeparated {
    private var bytes: ArraySlice<UInt8>

    init(_ text: String) { bytes = Array(text.utf8)[...] }

    mutating func next() -> [String]? {
        guard !bytes.isEmpty else { return nil }
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\"") {
                if isQuoted, bytes.first == byte {
                    field.append(byte)
                    bytes.removeFirst()
                } else {
                    isQuoted.toggle()
                }
            } else if byte == UInt8(ascii: ","), !isQuoted {
                fields.append(String(decoding: field, as: UTF8.self))
                field = []
            } else if byte == UInt8(ascii: "\n"), !isQuoted {
                break
            } else if byte != UInt8(ascii: "\r") || isQuoted {
                field.append(byte)
            }
        }
        fields.append(String(decoding: field, as: UTF8.self))
        return fields
    }
}
