/// A named entity: a person, a place, a product, …
package struct NameMention: Sendable, Equatable {
    /// Lower-case; the common name of its spellings, where they are known.
    package var name: String
    /// Positions of its tokens.
    package var tokens: Range<Int>
    /// nil for a name that is told from its capital letter only.
    package var kind: KnownNames.Kind?
}

/// Finds names: known ones however they are written, others by their capital letters.
struct NameReader {
    let tokens: [Token]
    /// Tokens of dates and quantities.
    let taken: Set<Int>

    func names() -> [NameMention] {
        let readsCapitals = capitalsTell
        var names: [NameMention] = []
        var position = 0
        while position < tokens.count {
            let token = tokens[position]
            guard token.kind != .number, !taken.contains(position) else {
                position += 1
                continue
            }
            if let mention = known(at: position) {
                names.append(mention)
                position = mention.tokens.upperBound
                continue
            }
            if readsCapitals, isCapitalName(position) {
                names.append(NameMention(name: token.stem, tokens: position..<position + 1))
            }
            position += 1
        }
        return names
    }

    private func known(at position: Int) -> NameMention? {
        if position + 1 < tokens.count,
            let found = KnownNames.named(tokens[position].text, tokens[position + 1].text)
        {
            return NameMention(name: found.name, tokens: position..<position + 2, kind: found.kind)
        }
        guard let found = KnownNames.named(tokens[position].text) else { return nil }
        return NameMention(name: found.name, tokens: position..<position + 1, kind: found.kind)
    }

    /// Title Case and ALL CAPS say nothing about single words.
    private var capitalsTell: Bool {
        var words = 0
        var capitals = 0
        for token in tokens where token.kind == .word && !token.isFunctionWord && !token.beginsSentence {
            words += 1
            if token.isCapitalized { capitals += 1 }
        }
        return capitals * 5 <= words * 4 || words <= 2
    }

    private func isCapitalName(_ position: Int) -> Bool {
        let token = tokens[position]
        guard token.kind == .word, token.isCapitalized, !token.beginsSentence, !token.isFunctionWord else {
            return false
        }
        // A single letter is a name in "service A" and "vitamin C".
        return token.text.utf8.count > 1 || position > 0
    }
}
