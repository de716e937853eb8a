package import CacheModel
import FoundationEssentials

/// Times as RFC 3339 writes them, in UTC: `2026-03-01T12:00:00.250Z`.
package enum TimestampText {
    /// In milliseconds.
    package static func text(_ time: Timestamp) -> String {
        let (seconds, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 1_000)
        let (start, milliseconds) = rest < 0 ? (seconds - 1, rest + 1_000) : (seconds, rest)
        // Parts of a second are not left to a floating-point date, which would round them.
        let date = Date(timeIntervalSince1970: Double(start)).formatted(.iso8601)
        return date.dropLast() + "." + String(String(milliseconds + 1_000).dropFirst()) + "Z"
    }

    /// With or without parts of a second; what is finer than a millisecond is cut off.
    package static func parse(_ text: String) -> Timestamp? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        var milliseconds: Int64 = 0
        var whole = text
        if parts.count == 2 {
            let digits = parts[1].dropLast()
            guard parts[1].last == "Z", (1...9).contains(digits.utf8.count),
                let number = UInt64(digits), digits.first != "+"
            else { return nil }
            milliseconds = Int64(Double(number) * 1_000 / Self.powersOfTen[digits.utf8.count])
            whole = parts[0] + "Z"
        }
        guard let seconds = try? Date(whole, strategy: .iso8601).timeIntervalSince1970,
            abs(seconds) <= Double(Limits.latestTimestampMilliseconds / 1_000)
        else { return nil }
        return Timestamp(milliseconds: Int64(seconds) * 1_000 + milliseconds)
    }

    private static let powersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
}
