/// Dates and times as RFC 3339 has them: `2026-03-01T12:00:00.123456Z`, `2026-03-01 12:00:00+01:00`.
package enum InternetTime {
    /// Microseconds since 1970, further digits cut off; nil for what is no time in the years 1970 through 9999. Without
    /// an offset it is UTC, as dbt and Airflow write it.
    package static func microseconds(_ text: String) -> UInt64? {
        var bytes = Array(text.utf8)[...]
        guard bytes.count <= 64, let year = number(&bytes, 4), skip(&bytes, "-"), let month = number(&bytes, 2),
            skip(&bytes, "-"), let day = number(&bytes, 2), skip(&bytes, "Tt "), let hour = number(&bytes, 2),
            skip(&bytes, ":"), let minute = number(&bytes, 2), skip(&bytes, ":"), let second = number(&bytes, 2)
        else { return nil }
        var fraction = 0
        if skip(&bytes, ".") {
            let digits = bytes.prefix { isDigit($0) }
            guard !digits.isEmpty else { return nil }
            fraction = (0..<6).reduce(0) { sum, index in
                sum * 10 + (index < digits.count ? Int(digits[digits.startIndex + index] - UInt8(ascii: "0")) : 0)
            }
            bytes = bytes.dropFirst(digits.count)
        }
        guard let offsetMinutes = offset(&bytes), bytes.isEmpty, (1_970...9_999).contains(year),
            (1...12).contains(month), (1...daysInMonth(month, year)).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offsetMinutes
        // A leap second counts as the last second before it, so that time never goes back.
        return UInt64(exactly: (minutes * 60 + min(second, 59)) * 1_000_000 + fraction)
    }

    private static func offset(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        if bytes.isEmpty || skip(&bytes, "Zz") { return 0 }
        let isNegative = bytes.first == UInt8(ascii: "-")
        guard skip(&bytes, "+-"), let hours = number(&bytes, 2) else { return nil }
        _ = skip(&bytes, ":")
        guard let minutes = number(&bytes, 2), hours < 24, minutes < 60 else { return nil }
        return (isNegative ? -1 : 1) * (hours * 60 + minutes)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func number(_ bytes: inout ArraySlice<UInt8>, _ count: Int) -> Int? {
        let digits = bytes.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        bytes = bytes.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func skip(_ bytes: inout ArraySlice<UInt8>, _ choices: String) -> Bool {
        guard let first = bytes.first, choices.utf8.contains(first) else { return false }
        bytes = bytes.dropFirst()
        return true
    }

    private static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    private static func daysInMonth(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400 - 477
        return (year - 1_970) * 365 + leapDays + (1..<month).reduce(0) { $0 + daysInMonth($1, year) } + day - 1
    }
}
