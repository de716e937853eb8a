/// Two words of which one prompt has the one and the other prompt the other.
struct Opposite {
    let first: String
    let second: String
    /// Such as "before": exchanged sides take it back.
    let isRelation: Bool
}

enum OppositeReader {
    static func opposites(in pair: PromptPair) -> [Opposite] {
        let first = poles(pair.first, only: pair.difference.firstOnly, other: pair.second)
        let second = poles(pair.second, only: pair.difference.secondOnly, other: pair.first)
        var found: [Opposite] = []
        for pole in first {
            for other in second where other.axis == pole.axis && other.isPositive != pole.isPositive {
                let axis = OppositeWords.axes[pole.axis]
                if axis.needsContext, !haveSameContext(pole.position, other.position, pair) { continue }
                found.append(
                    Opposite(
                        first: pair.first.tokens[pole.position].text, second: pair.second.tokens[other.position].text,
                        isRelation: axis.isRelation))
            }
        }
        return found + affixed(pair)
    }

    private struct Pole {
        let axis: Int
        let isPositive: Bool
        let position: Int
    }

    /// The poles that a prompt has and the other lacks. A prompt with both ends of an axis says nothing by it.
    private static func poles(_ text: PromptText, only: [Int], other: PromptText) -> [Pole] {
        var poles: [Pole] = []
        for position in only {
            for (axis, isPositive) in OppositeWords.poles(of: text.tokens, at: position) {
                poles.append(Pole(axis: axis, isPositive: isPositive, position: position))
            }
        }
        return poles.filter { pole in !poles.contains { $0.axis == pole.axis && $0.isPositive != pole.isPositive } }
    }

    /// "in" and "out", "up" and "down" are opposites beside the same word ("log in", "log out"), and where nothing else
    /// differs; elsewhere they stand there by chance.
    private static func haveSameContext(_ first: Int, _ second: Int, _ pair: PromptPair) -> Bool {
        if pair.difference.firstOnly.count == 1, pair.difference.secondOnly.count == 1 { return true }
        func neighbors(_ text: PromptText, _ position: Int) -> [String] {
            (max(0, position - 4)..<position).map { text.tokens[$0] }
                .filter { !$0.isFunctionWord && OppositeWords.particleVerbs.contains($0.stem) }.map(\.stem)
        }
        let verbs = neighbors(pair.first, first)
        return neighbors(pair.second, second).contains { verbs.contains($0) }
    }

    // MARK: Affixes

    /// "upload" and "download", "employer" and "employee": the same word with opposite affixes.
    private static func affixed(_ pair: PromptPair) -> [Opposite] {
        var found: [Opposite] = []
        for position in pair.difference.firstOnly {
            let token = pair.first.tokens[position]
            guard token.kind == .word, token.stem.utf8.count >= 5 else { continue }
            for other in pair.difference.secondOnly {
                let otherToken = pair.second.tokens[other]
                guard otherToken.kind == .word, otherToken.stem.utf8.count >= 5, areAffixed(token, otherToken) else {
                    continue
                }
                found.append(Opposite(first: token.text, second: otherToken.text, isRelation: false))
            }
        }
        return found
    }

    private static let prefixPairs: [(String, String)] = [
        ("up", "down"), ("in", "out"), ("in", "ex"), ("im", "ex"), ("en", "de"), ("pre", "post"), ("over", "under"),
        ("on", "off"), ("hyper", "hypo"), ("macro", "micro"), ("maxi", "mini"), ("as", "des"), ("pro", "anti"),
        ("inter", "intra"), ("multi", "single"), ("fore", "back"), ("front", "back"), ("in", "de"),
    ]
    private static let endingPairs: [(String, String)] = [("er", "ee"), ("or", "ee"), ("ful", "less")]

    private static func areAffixed(_ first: Token, _ second: Token) -> Bool {
        func rest(_ stem: String, prefix: String) -> Substring? {
            stem.hasPrefix(prefix) ? stem.dropFirst(prefix.count) : nil
        }
        for (one, other) in prefixPairs {
            for (left, right) in [(one, other), (other, one)] {
                if let rest1 = rest(first.stem, prefix: left), let rest2 = rest(second.stem, prefix: right),
                    rest1 == rest2, rest1.utf8.count >= 3
                {
                    return true
                }
            }
        }
        for (one, other) in endingPairs {
            for (left, right) in [(one, other), (other, one)] {
                let singular = [first.text, second.text].map { $0.hasSuffix("s") ? String($0.dropLast()) : $0 }
                if singular[0].hasSuffix(left), singular[1].hasSuffix(right),
                    singular[0].dropLast(left.count) == singular[1].dropLast(right.count),
                    singular[0].count >= left.count + 3
                {
                    return true
                }
            }
        }
        return false
    }
}
