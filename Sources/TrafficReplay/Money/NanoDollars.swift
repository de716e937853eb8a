/// Money in billionths of a dollar, never negative. Sums stop at the end of the range instead of trapping.
package struct NanoDollars: Hashable, Comparable, Sendable {
    package var count: Int64

    package static let zero = NanoDollars(count: 0)

    package init(count: Int64) { self.count = max(0, count) }

    /// A number of dollars as JSON writes it, `0.00042` or `4.2e-4`, rounded to the nearest billionth.
    ///
    /// - Returns: nil for what is no number, negative, or beyond the range.
    package init?(dollars text: some Sequence<UInt8>) {
        guard let count = DecimalNumber.scaled(text, power: 9) else { return nil }
        self.init(count: count)
    }

    package static func < (one: NanoDollars, other: NanoDollars) -> Bool { one.count < other.count }

    package static func + (one: NanoDollars, other: NanoDollars) -> NanoDollars {
        let (sum, overflow) = one.count.addingReportingOverflow(other.count)
        return NanoDollars(count: overflow ? .max : sum)
    }

    package static func += (one: inout NanoDollars, other: NanoDollars) { one = one + other }

    /// `$12.34`; below a dollar four digits after the point, below a cent six.
    package var text: String { text(digits: digits) }

    /// Digits after the point that say something of this amount: 2, 4 or 6.
    var digits: Int { count >= 1_000_000_000 || count == 0 ? 2 : count >= 10_000_000 ? 4 : 6 }

    /// - Parameter digits: after the point, 2, 4 or 6.
    func text(digits: Int) -> String {
        let unit: Int64 = digits <= 2 ? 10_000_000 : digits <= 4 ? 100_000 : 1_000
        // Half up, without leaving the range.
        let rounded = count / unit + (count % unit >= unit / 2 ? 1 : 0)
        let scale = 1_000_000_000 / unit
        let fraction = String(rounded % scale)
        return "$" + NumberText.grouped(Int(rounded / scale)) + "."
            + String(repeating: "0", count: max(0, digits - fraction.count)) + fraction
    }
}

/// Decimal numbers read without a detour over binary fractions.
enum DecimalNumber {
    /// A number times 10^power, rounded half away from zero.
    ///
    /// - Parameter text: as JSON writes numbers, without a minus.
    /// - Returns: nil for anything else, for more than 30 digits before the exponent, and beyond 64 bits.
    static func scaled(_ text: some Sequence<UInt8>, power: Int) -> Int64? {
        var bytes = Array(text)[...]
        var mantissa: Int128 = 0
        var digits = 0
        var shift = power
        var hasPoint = false
        while let byte = bytes.first, byte == UInt8(ascii: ".") || isDigit(byte) {
            bytes.removeFirst()
            guard byte != UInt8(ascii: ".") else {
                if hasPoint || digits == 0 { return nil }
                hasPoint = true
                continue
            }
            digits += 1
            guard digits <= 30 else { return nil }
            mantissa = mantissa * 10 + Int128(byte - UInt8(ascii: "0"))
            if hasPoint { shift -= 1 }
        }
        guard digits > 0 else { return nil }
        if let mark = bytes.first {
            guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return nil }
            guard let exponent = Int(String(decoding: bytes.dropFirst(), as: UTF8.self)), abs(exponent) < 1_000 else {
                return nil
            }
            shift += exponent
        }
        if mantissa == 0 { return 0 }
        while shift > 0 {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            guard !overflow, product <= Int128(Int64.max) else { return nil }
            mantissa = product
            shift -= 1
        }
        var lastDigit: Int128 = 0
        while shift < 0, mantissa > 0 || lastDigit > 0 {
            lastDigit = mantissa % 10
            mantissa /= 10
            shift += 1
            if shift < 0, mantissa == 0 { lastDigit = 0 }
        }
        if lastDigit >= 5 { mantissa += 1 }
        return Int64(exactly: mantissa)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
