/// People, places, products and the like must be the same.
///
/// A known name without a match is a veto. A name that only its capital letter gives away is one if the other prompt
/// has
/// another name in its place.
enum EntityGuard {
    static func finding(in pair: PromptPair) -> GuardFinding? {
        guard pair.isEnglish else { return nil }
        let first = unmatched(of: pair.first, in: pair.second)
        let second = unmatched(of: pair.second, in: pair.first)
        if let name = first.first, let other = second.first {
            return finding(name, other, pair)
        }
        // On one side only. What is known by kind changes the question; a capital letter alone may be a matter of
        // style.
        if let name = first.first(where: { $0.kind != nil }), !hasCompanion(name, pair.first, pair.second) {
            return finding(name, nil, pair)
        }
        if let name = second.first(where: { $0.kind != nil }), !hasCompanion(name, pair.second, pair.first) {
            return finding(nil, name, pair)
        }
        return replaced(first, second, pair)
    }

    private static func finding(_ first: NameMention?, _ second: NameMention?, _ pair: PromptPair) -> GuardFinding {
        GuardFinding(
            source: .entity, first: first.map { pair.first.text(of: $0.tokens) } ?? "",
            second: second.map { pair.second.text(of: $0.tokens) } ?? "")
    }

    private static func unmatched(of text: PromptText, in other: PromptText) -> [NameMention] {
        text.names.filter { name in
            if other.names.contains(where: { $0.name == name.name }) { return false }
            let token = text.tokens[name.tokens.lowerBound]
            if other.tokens.contains(where: { $0.stem == token.stem || $0.text == name.name }) { return false }
            if other.hasRun(spelling: text.text(of: name.tokens)) { return false }
            // "iPhone 12" is "iphone12", "COVID 19" is "COVID-19".
            let isPart = other.tokens.contains { token in
                token.kind == .identifier && text.hasRun(spelling: token.text, including: name.tokens.lowerBound)
            }
            return !isPart && !isAbbreviated(name, text, other) && !hasTypo(token, other)
        }
    }

    /// "IBM" for "International Business Machines", in either direction.
    private static func isAbbreviated(_ name: NameMention, _ text: PromptText, _ other: PromptText) -> Bool {
        let letters = Array(text.tokens[name.tokens.lowerBound].text.utf8)
        if (2...5).contains(letters.count), hasInitials(letters, in: other) { return true }
        // The other prompt has the short form of a name of which this is one word.
        return other.tokens.contains { token in
            (2...5).contains(token.text.utf8.count) && token.original.utf8.allSatisfy { $0 >= 65 && $0 <= 90 }
                && hasInitials(Array(token.text.utf8), in: text, including: name.tokens.lowerBound)
        }
    }

    private static func hasInitials(_ letters: [UInt8], in text: PromptText, including position: Int? = nil) -> Bool {
        guard text.tokens.count >= letters.count else { return false }
        for start in 0...(text.tokens.count - letters.count) {
            let range = start..<start + letters.count
            if let position, !range.contains(position) { continue }
            if zip(range, letters).allSatisfy({ text.tokens[$0].text.utf8.first == $1 }) { return true }
        }
        return false
    }

    /// A spelling mistake is no other name.
    private static func hasTypo(_ token: Token, _ other: PromptText) -> Bool {
        guard token.text.utf8.count >= 5, KnownNames.named(token.text) == nil else { return false }
        return other.tokens.contains { EditDistance.isTypo(token.text, $0.text) }
    }

    /// "Microsoft Outlook" is "Outlook": the name stands beside another that both have.
    private static func hasCompanion(_ name: NameMention, _ text: PromptText, _ other: PromptText) -> Bool {
        [name.tokens.lowerBound - 1, name.tokens.upperBound].contains { position in
            guard text.tokens.indices.contains(position), !text.tokens[position].isFunctionWord,
                text.names.contains(where: { $0.tokens.contains(position) })
            else { return false }
            return other.tokens.contains { $0.stem == text.tokens[position].stem }
        }
    }

    // MARK: Names without a capital letter

    /// One name of its capital letter against one strange word in the same place.
    private static func replaced(
        _ first: [NameMention], _ second: [NameMention], _ pair: PromptPair
    ) -> GuardFinding? {
        guard let slot = SingleSlot(pair) else { return nil }
        let token = pair.first.tokens[slot.first]
        let other = pair.second.tokens[slot.second]
        func isName(_ position: Int, _ names: [NameMention], _ token: Token) -> Bool {
            names.contains { $0.tokens.contains(position) } || CommonWords.isStrange(token)
        }
        guard isName(slot.first, first, token), isName(slot.second, second, other),
            !EditDistance.isTypo(token.text, other.text)
        else { return nil }
        return GuardFinding(source: .entity, first: token.text, second: other.text)
    }
}

/// The one place in which two prompts of equal length differ.
struct SingleSlot {
    let first: Int
    let second: Int

    init?(_ pair: PromptPair) {
        guard pair.difference.firstOnly.count == 1, pair.difference.secondOnly.count == 1,
            pair.first.tokens.count == pair.second.tokens.count, pair.first.tokens.count > 2
        else { return nil }
        first = pair.difference.firstOnly[0]
        second = pair.difference.secondOnly[0]
        guard first == second, pair.first.tokens[first].kind == .word, pair.second.tokens[second].kind == .word else {
            return nil
        }
    }
}
