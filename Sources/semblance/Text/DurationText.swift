import CacheModel

/// Spans of time as people write them: `500ms`, `90s`, `30m`, `1h`, `7d`.
enum DurationText {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Whole milliseconds, more than none. A number without a unit is refused: nobody can tell what it means.
    ///
    /// - Throws: `invalid-argument`.
    static func milliseconds(parsing text: String) throws(CacheError) -> Int64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), count > 0,
            let unit = units.first(where: { $0.suffix == text.dropFirst(digits.count) })
        else {
            throw CacheError(
                .invalidArgument, "'\(text)' is not a span of time: write 500ms, 90s, 30m, 1h or 7d",
                detail: ["got": text])
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
        guard !overflow, product <= Limits.latestTimestampMilliseconds else {
            throw CacheError(.invalidArgument, "'\(text)' is longer than time goes on here", detail: ["got": text])
        }
        return product
    }

    /// In the largest unit that divides it, or its two largest: `1h`, `2h 5m`, `1.204s` below a minute.
    static func text(milliseconds: Int64) -> String {
        if milliseconds < 1_000 { return "\(milliseconds)ms" }
        if milliseconds < 60_000 {
            let rest = milliseconds % 1_000
            return rest == 0
                ? "\(milliseconds / 1_000)s" : NumberText.fixed(Double(milliseconds) / 1_000, digits: 1) + "s"
        }
        var rest = milliseconds
        var parts: [String] = []
        for unit in units.dropFirst().reversed() where parts.count < 2 {
            let count = rest / unit.milliseconds
            if count > 0 { parts.append("\(count)\(unit.suffix)") } else if !parts.isEmpty { break }
            rest %= unit.milliseconds
        }
        return parts.joined(separator: " ")
    }
}
