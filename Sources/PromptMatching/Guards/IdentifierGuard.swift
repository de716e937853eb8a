/// Names that machines read must be the same, apart from case and separators.
enum IdentifierGuard {
    static func finding(in pair: PromptPair) -> GuardFinding? {
        let first = unmatched(of: pair.first, in: pair.second)
        let second = unmatched(of: pair.second, in: pair.first)
        guard first != nil || second != nil else { return nil }
        return GuardFinding(
            source: .identifier, first: first.map { pair.first.tokens[$0].original } ?? "",
            second: second.map { pair.second.tokens[$0].original } ?? "")
    }

    private static func unmatched(of text: PromptText, in other: PromptText) -> Int? {
        text.identifiers.first { position in
            let token = text.tokens[position]
            // Plain words between backticks are compared as such only if the other prompt quotes code, too.
            if token.kind == .word, !other.tokens.contains(where: \.isQuotedCode) { return false }
            if other.tokens.contains(where: { $0.text == token.text }) {
                // "-v" and "-V" are different flags.
                return token.original.utf8.count == 2 && token.text.hasPrefix("-")
                    && !other.tokens.contains { $0.original == token.original }
            }
            if KnownNames.named(token.text) != nil { return false }
            if other.hasRun(spelling: token.text) { return false }
            return !isSpelledOut(token, in: other)
        }
    }

    /// "NullPointerException" and "a null pointer in my exception handler": all its words are there, in whatever order.
    private static func isSpelledOut(_ token: Token, in other: PromptText) -> Bool {
        let parts = IdentifierText.parts(of: token.original)
        guard parts.count > 1 else { return false }
        return parts.allSatisfy { part in
            let stem = WordStem.of(part)
            return other.tokens.contains { $0.text == part || $0.stem == stem }
        }
            && !other.identifiers.contains { position in
                // Another name of the same words is another name: "user_by_id", "id_by_user".
                let otherParts = IdentifierText.parts(of: other.tokens[position].original)
                return otherParts.count > 1 && otherParts != parts
            }
    }
}
