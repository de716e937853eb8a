/// Numbers must be the same: those of orders, amounts, ages, versions and rooms, in digits or in words.
///
/// Equal amounts in different units agree ("two weeks", "14 days"). A number on one side only is a veto, too, unless
/// it is one
/// that people leave out: "one", "top 10".
enum NumberGuard {
    static func finding(in pair: PromptPair) -> GuardFinding? {
        let rest = QuantityComparison(pair)
        for quantity in rest.first where !quantity.isWeak {
            return finding(quantity, rest.second.first, pair)
        }
        for quantity in rest.second where !quantity.isWeak {
            return finding(rest.first.first, quantity, pair)
        }
        // Two that could each be left out, but say different things.
        for quantity in rest.first {
            for other in rest.second where quantity.value != other.value {
                if let finding = finding(quantity, other, pair) { return finding }
            }
        }
        return nil
    }

    private static func finding(_ first: Quantity?, _ second: Quantity?, _ pair: PromptPair) -> GuardFinding? {
        if let first, let second {
            // The unit guard's: 5 mg and 5 g.
            if first.value == second.value, first.unit != nil, second.unit != nil { return nil }
            // Words after the numbers that may be units of another language.
            if !pair.isEnglish, first.following != second.following { return nil }
        }
        return GuardFinding(
            source: .number, first: first.map { pair.first.text(of: $0.tokens) } ?? "",
            second: second.map { pair.second.text(of: $0.tokens) } ?? "")
    }
}
