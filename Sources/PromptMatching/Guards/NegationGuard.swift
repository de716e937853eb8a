/// What one prompt denies the other must deny.
enum NegationGuard {
    static func finding(in pair: PromptPair) -> GuardFinding? {
        guard pair.isEnglish else { return nil }
        return negated(pair) ?? prefixed(pair)
    }

    // MARK: Words

    /// Two denials are none, so only their parity counts. Words that deny in their own way ("unable", "fails") excuse a
    /// missing "not" where the other prompt does not have them as well.
    private static func negated(_ pair: PromptPair) -> GuardFinding? {
        let first = pair.first.negation.hard
        let second = pair.second.negation.hard
        guard (first.count + second.count) % 2 == 1 else { return nil }
        let isFirst = first.count % 2 == 1
        let excuse =
            isFirst
            ? softOnly(pair.second, pair.difference.secondOnly) : softOnly(pair.first, pair.difference.firstOnly)
        guard !excuse else { return nil }
        let text = isFirst ? pair.first : pair.second
        guard let position = (isFirst ? first : second).last else { return nil }
        let end = min(position + 2, text.tokens.count)
        let said = text.text(of: position..<end)
        return GuardFinding(source: .negation, first: isFirst ? said : "", second: isFirst ? "" : said)
    }

    private static func softOnly(_ text: PromptText, _ only: [Int]) -> Bool {
        if text.negation.soft.contains(where: only.contains) { return true }
        return only.contains { position in
            Affixes.denied(text.tokens[position].text) != nil && text.tokens[position].text.utf8.count > 6
        }
    }

    // MARK: Affixes

    /// "encrypted" and "unencrypted", "useful" and "useless".
    private static func prefixed(_ pair: PromptPair) -> GuardFinding? {
        for position in pair.difference.firstOnly {
            let token = pair.first.tokens[position]
            guard token.kind == .word, !token.isFunctionWord else { continue }
            for other in pair.difference.secondOnly {
                let otherToken = pair.second.tokens[other]
                guard otherToken.kind == .word, !otherToken.isFunctionWord else { continue }
                guard Affixes.isDenial(token, of: otherToken) || Affixes.isDenial(otherToken, of: token) else {
                    continue
                }
                // "is not legal" and "is illegal" agree: one denies by a word, the other by its prefix.
                guard (pair.first.negation.hard.count + pair.second.negation.hard.count) % 2 == 0 else { continue }
                return GuardFinding(source: .negation, first: token.text, second: otherToken.text)
            }
        }
        return nil
    }
}

enum Affixes {
    private static let prefixes: [[UInt8]] = ["un", "in", "im", "ir", "il", "dis", "non", "de", "mis", "anti"].map {
        Array($0.utf8)
    }

    /// What a word denies: "unpaid" → "paid"; nil without such a prefix. Whether the rest is a word is not known here.
    static func denied(_ word: String) -> String? {
        let letters = Array(word.utf8)
        for prefix in prefixes where letters.count >= prefix.count + 3 && letters.starts(with: prefix) {
            return String(decoding: letters[prefix.count...], as: UTF8.self)
        }
        return nil
    }

    /// Whether the first word is the second with a prefix or an ending that denies.
    static func isDenial(_ first: Token, of second: Token) -> Bool {
        let word = first.text
        let length = word.utf8.count
        let other = second.text.utf8.count
        if length > other, length >= 5, other >= 3 {
            let letters = Array(word.utf8)
            for prefix in prefixes where letters.count >= prefix.count + 3 && letters.starts(with: prefix) {
                let rest = String(decoding: letters[prefix.count...], as: UTF8.self)
                if rest == second.text || WordStem.of(rest) == second.stem { return true }
            }
            // "asymptomatic", "asynchronous".
            if letters[0] == UInt8(ascii: "a"), other >= 7,
                String(decoding: letters[1...], as: UTF8.self) == second.text
            {
                return true
            }
        }
        guard word.hasSuffix("less") else { return false }
        let head = word.dropLast(4)
        return head.utf8.count >= 3 && (second.text == head || second.text == head + "ful" || second.stem == head)
    }
}
