/// What a prompt denies.
package struct NegationReading: Sendable, Equatable {
    /// Positions of "not", "no", "never", "without", …
    package var hard: [Int] = []
    /// Positions of words that deny in their own way: "unable", "fails", "missing".
    package var soft: [Int] = []
}

enum NegationReader {
    static func reading(of tokens: [Token]) -> NegationReading {
        var reading = NegationReading()
        for (position, token) in tokens.enumerated() where token.kind == .word {
            if hard.contains(token.text) {
                if !isRhetorical(position, in: tokens) { reading.hard.append(position) }
            } else if soft.contains(token.stem) || soft.contains(token.text) || token.text.hasSuffix("less") {
                reading.soft.append(position)
            }
        }
        return reading
    }

    /// "Can't I …?", "Why don't we …?", "… or not?", "can't wait", "not only": the question is the same without.
    private static func isRhetorical(_ position: Int, in tokens: [Token]) -> Bool {
        let previous = position > 0 ? tokens[position - 1] : nil
        let next = position + 1 < tokens.count ? tokens[position + 1] : nil
        guard let previous else { return false }
        if tokens[position].text == "not" {
            if previous.beginsSentence, auxiliaries.contains(previous.text) { return true }
            if previous.text == "or", next == nil { return true }
            if next?.text == "only" || next?.text == "just" { return true }
            if previous.text == "can", next?.text == "wait" { return true }
        }
        return tokens[position].text == "no" && (next?.text == "matter" || next?.text == "doubt")
    }

    private static let auxiliaries: Set<String> = [
        "is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "would", "will", "has", "have",
    ]
    static let hard: Set<String> = [
        "not", "no", "never", "without", "none", "neither", "nor", "nobody", "nothing", "nowhere", "cannot", "dont",
        "w/o",
    ]
    private static let soft: Set<String> = {
        let words = """
            unable fail failed failing failure miss missing broken break stop stopped lose lost forget refuse refused
            decline
            declined reject rejected deny denied avoid prevent lack impossible invalid unavailable illegal late overdue
            wrong
            error problem issue stuck dead down off disappeared disappear gone empty infinite endless unpaid
            unsuccessful full
            hardly barely rarely seldom free crash stay unlike bad poor fix trouble hate dislike absent exclude except
            prohibit prohibited forbid forbidden ban banned instead quit block blocked ignore slow weak deny still nil
            """
        var set: Set<String> = []
        for word in words.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            set.insert(String(word))
            set.insert(WordStem.of(String(word)))
        }
        return set
    }()
}
