import CacheModel

/// Spans of time as people write them: `500ms`, `90s`, `30m`, `1h`, `7d`. The same as on the service's command line.
enum DurationText {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// What a span of time looks like, for messages.
    static let expectation = "a span of time such as 500ms, 90s, 30m, 1h or 7d"

    /// Whole milliseconds, more than none.
    ///
    /// - Returns: nil for a number without a unit, as nobody can tell what it means, for what is no span of time, and
    ///   for one that ends after the year 9999 if it began in 1970.
    static func milliseconds(parsing text: some StringProtocol) -> Int64? {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let count = Int64(String(decoding: digits, as: UTF8.self)), count > 0,
            let unit = units.first(where: { $0.suffix.utf8.elementsEqual(text.utf8.dropFirst(digits.count)) })
        else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
        return overflow || product > Limits.latestTimestampMilliseconds ? nil : product
    }

    /// In the largest unit that divides it.
    static func text(milliseconds: Int64) -> String {
        let unit = units.last { milliseconds != 0 && milliseconds % $0.milliseconds == 0 } ?? units[0]
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}
