/// The numbers of two prompts that have no equal on the other side.
struct QuantityComparison {
    private(set) var first: [Quantity] = []
    private(set) var second: [Quantity] = []

    init(_ pair: PromptPair) {
        var rest = pair.second.quantities
        for quantity in pair.first.quantities {
            if let index = rest.firstIndex(where: { quantity.agrees(with: $0) }) {
                rest.remove(at: index)
            } else {
                first.append(quantity)
            }
        }
        second = rest
        // The number of "iPhone 12" is a part of the name "iphone12"; a number said twice is said once.
        first.removeAll { Self.isCovered($0, in: pair.first, by: pair.second) }
        second.removeAll { Self.isCovered($0, in: pair.second, by: pair.first) }
    }

    private static func isCovered(_ quantity: Quantity, in text: PromptText, by other: PromptText) -> Bool {
        if other.quantities.contains(where: { quantity.agrees(with: $0) }) { return true }
        let joined = other.tokens.contains { token in
            token.kind == .identifier && text.hasRun(spelling: token.text, including: quantity.tokens.lowerBound)
        }
        // The tokens of "two-factor" are those of "2FA".
        return joined
            || quantity.isWeak && quantity.unit == nil
                && other.tokens.contains { $0.text == text.tokens[quantity.tokens.lowerBound].text }
    }
}

extension PromptText {
    func text(of range: Range<Int>) -> String {
        range.map { tokens[$0].text }.joined(separator: " ")
    }
}
