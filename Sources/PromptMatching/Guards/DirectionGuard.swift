/// What is asked must point the same way: on or off, before or after, from here to there, who does it to whom, when or
/// where.
enum DirectionGuard {
    static func finding(in pair: PromptPair) -> GuardFinding? {
        guard pair.isEnglish else { return nil }
        if let first = pair.first.question, let second = pair.second.question,
            QuestionReader.areDifferent(first, second)
        {
            return GuardFinding(source: .direction, first: "asking \(first)", second: "asking \(second)")
        }
        let opposites = OppositeReader.opposites(in: pair)
        let swap = RoleReader.swap(in: pair)
        // "Is A bigger than B?" is "Is B smaller than A?": what is turned twice points the same way.
        if swap?.areExchanged == true, opposites.count == 1, opposites[0].isRelation { return nil }
        if let opposite = opposites.first {
            return GuardFinding(source: .direction, first: opposite.first, second: opposite.second)
        }
        return swap.map { GuardFinding(source: .direction, first: $0.first, second: $0.second) }
    }
}
