/// Finds the numbers of a prompt, in digits and in words.
struct QuantityReader {
    let tokens: [Token]
    let isEnglish: Bool
    /// Tokens that belong to a date or a time.
    let taken: Set<Int>

    func quantities() -> [Quantity] {
        var quantities: [Quantity] = []
        var position = 0
        while position < tokens.count {
            if let quantity = quantity(at: position) {
                quantities.append(quantity)
                position = max(quantity.tokens.upperBound, position + 1)
            } else {
                position += 1
            }
        }
        return quantities
    }

    private func quantity(at start: Int) -> Quantity? {
        guard !taken.contains(start) else { return nil }
        let token = tokens[start]
        if token.kind == .number { return number(at: start) }
        guard isEnglish, token.kind == .word else { return nil }
        if let fraction = fraction(at: start) { return fraction }
        if token.text == "minus", start + 1 < tokens.count, tokens[start + 1].kind == .number {
            guard var quantity = number(at: start + 1) else { return nil }
            quantity.value.negate()
            quantity.digits = "-" + quantity.digits
            quantity.tokens = start..<quantity.tokens.upperBound
            return quantity
        }
        if token.text == "twice" { return Quantity(value: 2, digits: "2", tokens: start..<start + 1, isWeak: true) }
        if token.text == "a" || token.text == "an" { return single(at: start) }
        if let value = NumberWords.ordinals[token.text] { return ordinal(value, at: start) }
        return numberInWords(at: start)
    }

    // MARK: Digits

    private func number(at start: Int) -> Quantity? {
        let digits = tokens[start].text
        guard let value = Double(digits) else { return nil }
        var quantity = Quantity(value: value, digits: digits, tokens: start..<start + 1)
        var position = start + 1
        while position < tokens.count, let scale = NumberWords.scales[tokens[position].text] {
            quantity.value *= scale
            quantity.digits = Self.digits(of: quantity.value)
            position += 1
        }
        if position < tokens.count, tokens[position].text == "th" {
            quantity.isOrdinal = true
            quantity.tokens = start..<position + 1
            return quantity
        }
        quantity.tokens = start..<position
        attachUnit(to: &quantity)
        quantity.isWeak = quantity.isWeak || isListLength(quantity, at: start)
        return quantity
    }

    static func digits(of value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? String(value)
    }

    private func attachUnit(to quantity: inout Quantity) {
        var position = quantity.tokens.upperBound
        guard position < tokens.count, !taken.contains(position) else { return }
        if tokens[position].text == "degrees" || tokens[position].text == "degree", position + 1 < tokens.count,
            let scale = Unit.named(tokens[position + 1].text),
            scale.dimension == .celsius || scale.dimension == .fahrenheit
        {
            position += 1
        }
        // The upper end of a range carries the unit of both.
        let token = tokens[position]
        if token.kind == .word, let unit = Unit.named(token.text), isUnit(token, unit) {
            quantity.unit = unit
            quantity.tokens = quantity.tokens.lowerBound..<position + 1
        } else if token.kind == .word {
            quantity.following = token.stem
        }
    }

    /// In other languages "m" or "min" after a number is a unit as well, but a word like "second" is not.
    private func isUnit(_ token: Token, _ unit: Unit) -> Bool { isEnglish || unit.isSymbol }

    /// "top 10 songs", "10 best songs", "give me 5 tips": a list of some length is asked for.
    private func isListLength(_ quantity: Quantity, at start: Int) -> Bool {
        guard isEnglish, quantity.unit == nil, quantity.value <= 100, !quantity.isOrdinal else { return false }
        if start > 0, tokens[start - 1].text == "top" || tokens[start - 1].text == "best" { return true }
        return quantity.following.map { ["best", "top", "most", "way", "tip"].contains($0) } ?? false
    }

    // MARK: Words

    private func numberInWords(at start: Int) -> Quantity? {
        guard var value = NumberWords.cardinals[tokens[start].text] else { return nil }
        var position = start + 1
        var total = 0.0
        while position < tokens.count {
            let word = tokens[position].text
            if let scale = NumberWords.scales[word] {
                if scale >= 1_000 {
                    total += value * scale
                    value = 0
                } else {
                    value *= scale
                }
            } else if let unit = NumberWords.cardinals[word], value == 0 || unit < 10 && Int(exactly: value / 10) != nil
            {
                value += unit
            } else {
                break
            }
            position += 1
        }
        value += total
        // "hundred" and "million" as such begin no number: "a hundred" does.
        var quantity = Quantity(value: value, digits: Self.digits(of: value), tokens: start..<position)
        attachUnit(to: &quantity)
        quantity.isWeak = quantity.unit == nil && value <= 3 || isListLength(quantity, at: start)
        if quantity.unit == nil, value == 1 { return nil }
        return quantity
    }

    /// "a week", "an hour", "a hundred": one of it.
    private func single(at start: Int) -> Quantity? {
        guard start + 1 < tokens.count else { return nil }
        let next = tokens[start + 1]
        if let scale = NumberWords.scales[next.text] {
            var quantity = Quantity(value: scale, digits: Self.digits(of: scale), tokens: start..<start + 2)
            attachUnit(to: &quantity)
            return quantity
        }
        if next.text == "quarter", start + 2 < tokens.count, tokens[start + 2].text == "of" {
            guard let unit = timeUnit(after: start + 2) else { return nil }
            return Quantity(value: 0.25, digits: "0.25", unit: unit.unit, tokens: start..<unit.end)
        }
        guard let unit = Unit.named(next.text), unit.dimension == .time || unit.dimension == .calendar,
            !unit.isSymbol, next.text != "second"
        else { return nil }
        return Quantity(value: 1, digits: "1", unit: unit, tokens: start..<start + 2, isWeak: true)
    }

    /// "half an hour", "half a year".
    private func fraction(at start: Int) -> Quantity? {
        guard tokens[start].text == "half" || tokens[start].text == "quarter" else { return nil }
        let value = tokens[start].text == "half" ? 0.5 : 0.25
        guard let unit = timeUnit(after: start) else { return nil }
        return Quantity(value: value, digits: String(value), unit: unit.unit, tokens: start..<unit.end)
    }

    private func timeUnit(after start: Int) -> (unit: Unit, end: Int)? {
        var position = start + 1
        while position < tokens.count, ["a", "an", "of"].contains(tokens[position].text) { position += 1 }
        guard position < tokens.count, let unit = Unit.named(tokens[position].text), !unit.isSymbol,
            unit.dimension == .time || unit.dimension == .calendar
        else { return nil }
        return (unit, position + 1)
    }

    private func ordinal(_ value: Double, at start: Int) -> Quantity? {
        // "30 seconds" is read with its number; "first" and "last" are opposites, not numbers.
        guard value > 1 else { return nil }
        return Quantity(
            value: value, digits: Self.digits(of: value), tokens: start..<start + 1, isWeak: value == 2, isOrdinal: true
        )
    }
}

enum NumberWords {
    static let cardinals: [String: Double] = {
        let names = [
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
            "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
        ]
        var table: [String: Double] = [:]
        for (value, name) in names.enumerated() { table[name] = Double(value) }
        let tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
        for (index, name) in tens.enumerated() { table[name] = Double(20 + 10 * index) }
        // Not "i", which is a pronoun, nor "v" and "vi", which are more often names.
        table.merge(["ii": 2, "iii": 3, "iv": 4, "vii": 7, "viii": 8, "ix": 9]) { $1 }
        return table
    }()

    static let scales: [String: Double] = [
        "hundred": 100, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12, "lakh": 1e5,
        "lakhs": 1e5, "crore": 1e7, "crores": 1e7,
    ]

    static let ordinals: [String: Double] = {
        let names = [
            "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
            "twelfth",
        ]
        var table: [String: Double] = [:]
        for (index, name) in names.enumerated() { table[name] = Double(index + 1) }
        return table
    }()
}
