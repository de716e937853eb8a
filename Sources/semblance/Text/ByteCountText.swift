import CacheModel

/// Sizes as people write them: `65536`, `64KiB`, `100MB`, `256GiB`.
enum ByteCountText {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("", 1), ("B", 1), ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// - Throws: `invalid-argument`.
    static func bytes(parsing text: String) throws(CacheError) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(digits.count).drop { $0 == " " }
        guard let count = Int(digits), let unit = units.first(where: { $0.suffix == suffix }) else {
            throw CacheError(
                .invalidArgument, "'\(text)' is not a size: write 65536, 64KiB, 100MB or 256GiB", detail: ["got": text])
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
        guard !overflow else {
            throw CacheError(.invalidArgument, "'\(text)' is more than this machine can count", detail: ["got": text])
        }
        return product
    }

    /// With one digit after the point from 1 KiB on: `512 B`, `1.5 KiB`, `256.0 GiB`.
    static func text(bytes: Int) -> String {
        var value = Double(bytes)
        guard value >= 1_024 else { return "\(bytes) B" }
        for unit in ["KiB", "MiB", "GiB"] {
            value /= 1_024
            if value < 1_024 { return NumberText.fixed(value, digits: 1) + " " + unit }
        }
        return NumberText.fixed(value / 1_024, digits: 1) + " TiB"
    }
}
