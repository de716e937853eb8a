/// A number of a prompt, with its unit if it has one.
package struct Quantity: Sendable, Equatable {
    /// Of the unit that was written: 5 for "5 km".
    package var value: Double
    /// Digits as written, without thousands separators: what numbers without a unit are compared by.
    package var digits: String
    package var unit: Unit?
    /// Tokens from the number through its unit.
    package var tokens: Range<Int>
    /// A number that may be left out without a change of meaning: "one", "a week", the ten of "top 10".
    package var isWeak = false
    /// "third", "3rd".
    package var isOrdinal = false
    /// The stem after a number without a known unit.
    package var following: String?

    /// In the base unit of its dimension.
    var baseValue: Double { value * (unit?.factor ?? 1) }

    /// Whether both say the same amount.
    func agrees(with other: Quantity) -> Bool {
        guard let unit, let otherUnit = other.unit else {
            // A unit that is left out is not another one, but digits count: version 3.1 is not version 3.10.
            return self.unit == nil && other.unit == nil
                ? Self.areSame(digits, other.digits) : Self.isClose(value, other.value)
        }
        return Self.areComparable(unit.dimension, otherUnit.dimension) && Self.isClose(baseValue, other.baseValue)
    }

    private static func areComparable(_ first: Unit.Dimension, _ second: Unit.Dimension) -> Bool {
        if first == second { return true }
        // "38.5 degrees" leaves the scale open, and "200 pounds" whether it is money.
        switch (first, second) {
        case (.degree, .celsius), (.celsius, .degree), (.degree, .fahrenheit), (.fahrenheit, .degree): return true
        default: return false
        }
    }

    private static func isClose(_ first: Double, _ second: Double) -> Bool {
        abs(first - second) <= 1e-6 * max(abs(first), abs(second))
    }

    private static func areSame(_ first: String, _ second: String) -> Bool {
        if first == second { return true }
        let short = [first, second].map { digits in
            digits.hasSuffix(".0")
                ? String(digits.dropLast(2)) : digits.hasSuffix(".00") ? String(digits.dropLast(3)) : digits
        }
        if short[0] == short[1] { return true }
        // "1.500" is a decimal number here and fifteen hundred there.
        return isThousandsPoint(first) != isThousandsPoint(second)
            && first.filter { $0 != "." } == second.filter { $0 != "." }
    }

    private static func isThousandsPoint(_ digits: String) -> Bool {
        guard let point = digits.firstIndex(of: ".") else { return false }
        return digits[digits.index(after: point)...].utf8.count == 3
    }
}
