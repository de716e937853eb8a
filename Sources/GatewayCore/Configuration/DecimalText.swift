/// Numbers as people write them, and no others: no signs but `-`, no exponents, no hexadecimal, no `nan`.
package enum DecimalText {
    /// Digits only.
    static func unsigned(_ text: some StringProtocol) -> UInt64? {
        text.utf8.allSatisfy(isDigit) ? UInt64(String(text)) : nil
    }

    /// Digits, with a point among them if there is one: `1`, `0.95`.
    static func fraction(_ text: some StringProtocol) -> Double? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isDigit) }),
            text.utf8.count <= longestFraction
        else { return nil }
        return Double(String(text))
    }

    /// Rounded to so many digits after the point; `digits` is 0 through 6. What is no number, or too large, is `0`.
    package static func text(_ number: Double, digits: Int) -> String {
        let digits = min(max(digits, 0), 6)
        let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
        let scaled = (number.magnitude * Double(scale)).rounded()
        guard scaled < 1e15 else { return "0" }
        let whole = Int(scaled)
        let sign = number < 0 && whole > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let rest = String(whole % scale)
        return "\(sign)\(whole / scale)." + String(repeating: "0", count: digits - rest.count) + rest
    }

    private static let longestFraction = 32

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
