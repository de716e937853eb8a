package import FoundationEssentials

/// Prompts by what they want, from which labeled pairs are made: one JSON object a line, with `topic`, `intent` and
/// `prompts`.
///
/// Prompts of an intent ask the same. Prompts of two intents of one topic do not. Of the many pairs of the second kind
/// those are taken that are hard to tell: in the same frame about another thing, or with another wish for the same.
package struct PromptIntents: Sendable {
    package struct Intent: Sendable, Decodable {
        package let topic: String
        package let intent: String
        package let prompts: [String]
    }

    package let intents: [Intent]

    package init(jsonLines data: Data) throws(MatchingError) {
        let decoder = JSONDecoder()
        var intents: [Intent] = []
        for line in data.split(separator: UInt8(ascii: "\n")) {
            guard let intent = try? decoder.decode(Intent.self, from: Data(line)) else {
                throw MatchingError(
                    .invalidPairs, "line \(intents.count + 1) of the intents has no topic, intent and prompts")
            }
            intents.append(intent)
        }
        self.intents = intents
    }

    /// Prompts in the order of the file. - Parameter seed: of the one pair of each prompt that is drawn.
    package func pairs(seed: UInt64 = 1) throws(MatchingError) -> LabeledPairs {
        var texts: [String] = []
        var intentOfText: [Int] = []
        for (number, intent) in intents.enumerated() {
            texts += intent.prompts
            intentOfText += [Int](repeating: number, count: intent.prompts.count)
        }
        let prompts = texts.map { PromptText($0) }
        let words = prompts.map { Set($0.tokens.map(\.key)) }
        let contents = prompts.map { Set($0.tokens.filter { !$0.isFunctionWord }.map(\.key)) }
        let textsOfTopic = Dictionary(grouping: texts.indices) { intents[intentOfText[$0]].topic }
        var random = SeededGenerator(seed: seed)
        var pairs: [LabeledPairs.Pair] = []
        var known = Set<[Int]>()
        func add(_ first: Int, _ second: Int, isSame: Bool) {
            guard known.insert([min(first, second), max(first, second)]).inserted else { return }
            pairs.append(LabeledPairs.Pair(first: first, second: second, isSame: isSame))
        }
        for text in texts.indices {
            let topic = textsOfTopic[intents[intentOfText[text]].topic] ?? []
            for other in topic where other > text && intentOfText[other] == intentOfText[text] {
                add(text, other, isSame: true)
            }
            let others = topic.filter { intentOfText[$0] != intentOfText[text] }
            for other in Self.nearest(text, of: others, by: words, count: Self.nearestByWords)
                + Self.nearest(text, of: others, by: contents, count: Self.nearestByContents)
            {
                add(text, other, isSame: false)
            }
            if let other = others.randomElement(using: &random) { add(text, other, isSame: false) }
        }
        return try LabeledPairs(texts: texts, pairs: pairs)
    }

    private static let nearestByWords = 3
    private static let nearestByContents = 1

    /// Those that share the largest part of their words.
    private static func nearest(_ text: Int, of others: [Int], by words: [Set<UInt64>], count: Int) -> [Int] {
        let shares = others.map { other -> (other: Int, share: Double) in
            let shared = words[text].intersection(words[other]).count
            return (other, Double(shared) / Double(max(1, words[text].count + words[other].count - shared)))
        }
        return shares.sorted { ($1.share, $0.other) < ($0.share, $1.other) }.prefix(count).map(\.other)
    }
}
