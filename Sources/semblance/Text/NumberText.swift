/// Numbers for people to read.
enum NumberText {
    /// Thousands apart: `30,000`.
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }

    /// Rounded to so many digits after the point, half away from zero; `digits` is 0 through 6.
    static func fixed(_ number: Double, digits: Int) -> String {
        guard number.isFinite else { return "\(number)" }
        let scale = [1.0, 10, 100, 1_000, 10_000, 100_000, 1_000_000][min(6, max(0, digits))]
        let scaled = (number.magnitude * scale).rounded()
        guard scaled < 1e15 else { return "\(number)" }
        let whole = Int(scaled / scale)
        let sign = number < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(whole)" }
        let rest = String(Int(scaled - Double(whole) * scale))
        return sign + "\(whole)." + String(repeating: "0", count: max(0, digits - rest.count)) + rest
    }

    /// A similarity as lookups print it: four digits.
    static func similarity(_ similarity: Float) -> String { fixed(Double(similarity), digits: 4) }

    /// Whole microseconds with their unit: `1,204 µs`.
    static func microseconds(_ duration: Duration) -> String { grouped(duration.microseconds) + " µs" }

    /// `1 entry`, `2 entries`.
    static func count(_ count: Int, _ one: String, _ many: String) -> String {
        "\(grouped(count)) \(count == 1 ? one : many)"
    }
}

extension Duration {
    /// Whole microseconds, rounded down.
    var microseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }

    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
