/// Units must agree: 5 mg is not 5 g, "per month" not "per year", and "in feet" not "in meters".
enum UnitGuard {
    static func finding(in pair: PromptPair) -> GuardFinding? {
        let rest = QuantityComparison(pair)
        for quantity in rest.first {
            for other in rest.second where quantity.value == other.value && quantity.unit != nil && other.unit != nil {
                return GuardFinding(
                    source: .unit, first: pair.first.text(of: quantity.tokens),
                    second: pair.second.text(of: other.tokens))
            }
        }
        guard pair.isEnglish else { return nil }
        return bareUnit(pair)
    }

    /// Units without a number, each of a kind that the other prompt has in another unit.
    private static func bareUnit(_ pair: PromptPair) -> GuardFinding? {
        let difference = pair.difference
        for position in difference.firstOnly {
            guard let unit = bareUnit(at: position, in: pair.first) else { continue }
            for other in difference.secondOnly {
                guard let otherUnit = bareUnit(at: other, in: pair.second), areRivals(unit, otherUnit) else { continue }
                return GuardFinding(
                    source: .unit, first: pair.first.tokens[position].text, second: pair.second.tokens[other].text)
            }
        }
        return nil
    }

    private static func bareUnit(at position: Int, in text: PromptText) -> Unit? {
        let token = text.tokens[position]
        guard token.kind == .word, let unit = Unit.named(token.text), !unit.isSymbol, token.text != "second",
            !text.quantities.contains(where: { $0.tokens.contains(position) && !$0.isWeak })
        else { return nil }
        // "last week" is a date, which is another guard's.
        if position > 0, ["last", "next", "this", "past"].contains(text.tokens[position - 1].text) { return nil }
        return unit
    }

    private static func areRivals(_ first: Unit, _ second: Unit) -> Bool {
        if first.dimension == second.dimension { return first.factor != second.factor }
        switch (first.dimension, second.dimension) {
        case (.time, .calendar), (.calendar, .time), (.celsius, .fahrenheit), (.fahrenheit, .celsius): return true
        case (.currency, .currency): return true
        default: return false
        }
    }
}
