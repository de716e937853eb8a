import PromptMatching

/// How two prompts of a topic are put.
enum IntentPairKind: String {
    /// One asks for a policy, the other how, whether or that it wants to do something.
    case policyAndAction = "policy and how-to"
    /// Both in the same frame: the same first three words, or "What's our … policy?".
    case sameFrame = "same frame"
    case rest = "rest"

    private static let actions = ["How do I ", "Can I ", "I'd like ", "I want "]

    init(_ pair: LabeledPairs.Pair, texts: [String]) {
        let sides = [texts[pair.first], texts[pair.second]]
        let isPolicy = sides.map { $0.hasPrefix("What's") && $0.hasSuffix("policy?") }
        let isAction = sides.map { side in Self.actions.contains { side.hasPrefix($0) } }
        let beginnings = sides.map { $0.split(separator: " ").prefix(3) }
        if isPolicy[0] && isAction[1] || isPolicy[1] && isAction[0] {
            self = .policyAndAction
        } else if isPolicy[0] && isPolicy[1] || beginnings[0] == beginnings[1] {
            self = .sameFrame
        } else {
            self = .rest
        }
    }
}
