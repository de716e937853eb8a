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
        let digits = min(6, max(0, digits))
        let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
        let scaled = (number.magnitude * Double(scale)).rounded()
        guard scaled < 1e15 else { return "\(number)" }
        let whole = Int(scaled)
        let sign = number < 0 && whole > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let rest = String(whole % scale)
        return "\(sign)\(grouped(whole / scale))." + String(repeating: "0", count: digits - rest.count) + rest
    }

    /// A share of one as a percentage: `12.3%`.
    static func percent(_ share: Double) -> String { fixed(share * 100, digits: 1) + "%" }

    /// `1 request`, `2 requests`.
    static func count(_ count: Int, _ one: String, _ many: String) -> String {
        "\(grouped(count)) \(count == 1 ? one : many)"
    }
}
