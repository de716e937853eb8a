/// Who does what to whom, and what goes where, as far as the order of words tells.
enum RoleReader {
    /// Longer prompts have too many words whose order means nothing.
    static let tokenLimit = 48

    /// Two things that have changed places: what each prompt says of them.
    ///
    /// `areExchanged` for two that change sides, not for one that is a source here and a goal there.
    static func swap(in pair: PromptPair) -> (first: String, second: String, areExchanged: Bool)? {
        guard pair.first.tokens.count <= tokenLimit, pair.second.tokens.count <= tokenLimit, isAlike(pair),
            !isSymmetric(pair.first), !isSymmetric(pair.second)
        else { return nil }
        if let sides = exchanged(pair) ?? turned(pair) { return (sides.first, sides.second, true) }
        return fromTo(pair).map { ($0.first, $0.second, false) }
    }

    /// Order tells something only where nearly the same words are used.
    private static func isAlike(_ pair: PromptPair) -> Bool {
        func content(_ text: PromptText) -> Int { text.tokens.count { !$0.isFunctionWord } }
        let sharedContent = pair.difference.shared.count { !pair.first.tokens[$0.first].isFunctionWord }
        let most = max(content(pair.first), content(pair.second))
        return sharedContent >= 2 && sharedContent * 5 >= most * 3
    }

    /// "the difference between A and B" is that between B and A.
    private static func isSymmetric(_ text: PromptText) -> Bool {
        text.tokens.contains { symmetric.contains($0.stem) || $0.text == "between" || $0.text == "versus" }
    }

    private static let symmetric: Set<String> = Set(
        """
        difference different differ compare comparison similar similarity same equal equivalent distance far
        relationship
        related mix combine together marry married divorce
        """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { WordStem.of(String($0)) })

    // MARK: A verb or a preposition with exchanged sides

    /// `x m y` here and `y m x` there, for words that occur once in each: "convert PDF to Word", "convert Word to PDF".
    ///
    /// A part that moves as a whole ("on Linux, how do I …") has no word that stays in the middle.
    private static func exchanged(_ pair: PromptPair) -> (first: String, second: String)? {
        let unique = pair.difference.unique
        for (index, left) in unique.enumerated() where isThing(left, pair) {
            for right in unique[(index + 1)...] where left.second > right.second && isThing(right, pair) {
                guard
                    let middle = unique.first(where: { middle in
                        middle.first > left.first && middle.first < right.first && middle.second > right.second
                            && middle.second < left.second && isAnchor(middle, pair)
                    })
                else { continue }
                guard !isOtherVoice(left, middle, right, pair),
                    !crossesClause(pair.first, left.first, right.first),
                    !crossesClause(pair.second, left.second, right.second)
                else { continue }
                return describe(left, middle, right, pair)
            }
        }
        return nil
    }

    /// `x m y` here and `x m by y` there is exchanged as well: "Who hired Anna?" aside, the passive turns the roles
    /// round.
    private static func turned(_ pair: PromptPair) -> (first: String, second: String)? {
        let unique = pair.difference.unique
        for (index, left) in unique.enumerated() where isThing(left, pair) {
            for right in unique[(index + 1)...] where left.second < right.second && isThing(right, pair) {
                guard
                    let middle = unique.first(where: { middle in
                        middle.first > left.first && middle.first < right.first && middle.second > left.second
                            && middle.second < right.second && isVerb(middle, pair)
                    }), isPassive(middle.first, pair.first) != isPassive(middle.second, pair.second)
                else { continue }
                return describe(left, middle, right, pair)
            }
        }
        return nil
    }

    /// "was bitten by".
    private static func isPassive(_ verb: Int, _ text: PromptText) -> Bool {
        guard verb + 1 < text.tokens.count, text.tokens[verb + 1].text == "by" else { return false }
        return text.tokens[max(0, verb - 4)..<verb].contains { auxiliaries.contains($0.text) }
    }

    private static let auxiliaries: Set<String> = [
        "is", "are", "was", "were", "be", "been", "being", "get", "got", "gets",
    ]

    private static func describe(
        _ left: (first: Int, second: Int), _ middle: (first: Int, second: Int), _ right: (first: Int, second: Int),
        _ pair: PromptPair
    ) -> (first: String, second: String) {
        func text(_ text: PromptText, _ positions: [Int]) -> String {
            positions.sorted().map { text.tokens[$0].text }.joined(separator: " ")
        }
        return (
            text(pair.first, [left.first, middle.first, right.first]),
            text(pair.second, [left.second, middle.second, right.second])
        )
    }

    private static func isThing(_ position: (first: Int, second: Int), _ pair: PromptPair) -> Bool {
        let token = pair.first.tokens[position.first]
        return !token.isFunctionWord && !(token.kind == .word && generalVerbs.contains(token.stem))
    }

    private static func isAnchor(_ position: (first: Int, second: Int), _ pair: PromptPair) -> Bool {
        let token = pair.first.tokens[position.first]
        if token.isFunctionWord {
            return directed.contains(token.text) || (linking.contains(token.text) && differsInFunctionWordsOnly(pair))
        }
        return token.kind == .word
    }

    private static func differsInFunctionWordsOnly(_ pair: PromptPair) -> Bool {
        pair.difference.firstOnly.allSatisfy { pair.first.tokens[$0].isFunctionWord }
            && pair.difference.secondOnly.allSatisfy { pair.second.tokens[$0].isFunctionWord }
    }

    /// Whether a clause ends between the outer two of them: then they belong to different statements.
    private static func crossesClause(_ text: PromptText, _ one: Int, _ other: Int) -> Bool {
        (min(one, other)..<max(one, other)).contains { text.tokens[$0].endsClause }
    }

    private static func isVerb(_ position: (first: Int, second: Int), _ pair: PromptPair) -> Bool {
        let token = pair.first.tokens[position.first]
        return token.kind == .word && !token.isFunctionWord
    }

    /// Whether exactly one prompt has the passive voice ("bitten by"), or puts its genitive the other way round
    /// ("the manager of my team", "my team's manager").
    private static func isOtherVoice(
        _ left: (first: Int, second: Int), _ middle: (first: Int, second: Int), _ right: (first: Int, second: Int),
        _ pair: PromptPair
    ) -> Bool {
        func voice(_ text: PromptText, _ first: Int, _ second: Int) -> (by: Bool, of: Bool) {
            let range = min(first, second)..<max(first, second)
            return (range.contains { text.tokens[$0].text == "by" }, range.contains { text.tokens[$0].text == "of" })
        }
        let first = voice(pair.first, left.first, right.first)
        let second = voice(pair.second, left.second, right.second)
        return first.by != second.by || (left.second > right.second && first.of != second.of)
    }

    private static let directed: Set<String> = [
        "to", "from", "into", "onto", "than", "before", "after", "over", "under", "above", "below", "against", "until",
    ]
    /// Words that join in so many ways that their sides count only where no other words differ.
    private static let linking: Set<String> = [
        "for", "by", "on", "without", "is", "are", "through", "of", "in", "with",
    ]
    private static let generalVerbs: Set<String> = Set(
        "need want like know find tell help way thing best good".split(separator: " ").map { WordStem.of(String($0)) })

    // MARK: From here, to there

    /// One thing that is a source here and a goal there: "move it from the server", "move it to the server".
    private static func fromTo(_ pair: PromptPair) -> (first: String, second: String)? {
        for position in pair.difference.unique where isThing(position, pair) {
            guard let lead = lead(of: position.first, in: pair.first),
                let other = self.lead(of: position.second, in: pair.second),
                lead != other
            else { continue }
            let word = pair.first.tokens[position.first].text
            return ("\(lead) \(word)", "\(other) \(word)")
        }
        return nil
    }

    /// "from" or "to", if one of them leads the word, with articles and the like in between.
    private static func lead(of position: Int, in text: PromptText) -> String? {
        var index = position - 1
        while index >= max(0, position - 3) {
            let token = text.tokens[index]
            switch token.text {
            case "from": return "from"
            case "to", "into", "onto": return "to"
            case "the", "a", "an", "my", "your", "our", "his", "her", "their", "this", "that", "its": index -= 1
            default: return nil
            }
        }
        return nil
    }
}
