/// What kind of answer a prompt asks for.
package enum QuestionKind: Sendable, Equatable {
    case when, place, person, reason, manner
    case price, duration, count, age, distance, frequency, size
}

enum QuestionReader {
    /// The kind, if the prompt says it in so many words; only the first question word counts.
    static func kind(of tokens: [Token]) -> QuestionKind? {
        for (position, token) in tokens.enumerated() where token.kind == .word {
            let next = position + 1 < tokens.count ? tokens[position + 1].text : ""
            let afterNext = position + 2 < tokens.count ? tokens[position + 2].text : ""
            switch token.text {
            case "when":
                // "when I stand up" is a condition, not a question.
                return token.beginsSentence && questionVerbs.contains(next) ? .when : nil
            case "where": return token.beginsSentence && questionVerbs.contains(next) ? .place : nil
            case "who", "whom": return token.beginsSentence && !verbsOfIdentity.contains(next) ? .person : nil
            case "why": return token.beginsSentence ? .reason : nil
            case "how" where token.beginsSentence: return amount(next, afterNext)
            case "what", "which", "is", "are", "can", "do", "does":
                return nil
            default: continue
            }
        }
        return nil
    }

    private static func amount(_ next: String, _ afterNext: String) -> QuestionKind? {
        switch next {
        case "much":
            return ["time"].contains(afterNext) ? .duration : afterNext == "does" || afterNext == "is" ? .price : nil
        case "many":
            if let unit = Unit.named(afterNext) {
                return unit.dimension == .time || unit.dimension == .calendar ? .duration : nil
            }
            return afterNext == "times" ? .frequency : .count
        case "long": return .duration
        case "old": return .age
        case "far": return .distance
        case "often", "frequently": return .frequency
        case "tall", "big", "large", "wide", "heavy": return .size
        case "do", "can", "to", "should", "could": return .manner
        default: return nil
        }
    }

    private static let questionVerbs: Set<String> = [
        "is", "are", "was", "were", "do", "does", "did", "can", "will", "should", "could", "would", "has", "have",
        "had",
        "may", "must",
    ]
    private static let verbsOfIdentity: Set<String> = ["is", "are", "was", "were"]

    /// Whether no answer to one of them is an answer to the other.
    static func areDifferent(_ first: QuestionKind, _ second: QuestionKind) -> Bool {
        guard first != second else { return false }
        func pair(_ one: QuestionKind, _ other: QuestionKind) -> Bool {
            (first == one && second == other) || (first == other && second == one)
        }
        // "Where can I get help?" and "How can I get help?" mostly ask the same, and so do "When does it arrive?" and
        // "How long does it take?".
        return !pair(.place, .manner) && !pair(.when, .duration) && !pair(.person, .manner) && !pair(.count, .size)
            && !pair(.count, .duration)
            && !pair(.duration, .manner) && !pair(.duration, .frequency) && !pair(.duration, .distance)
    }
}
