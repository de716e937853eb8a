/// Sizes as people write them: `65536`, `64KiB`, `16MiB`, `100MB`.
enum ByteCountText {
    static let expectation = "a size such as 65536, 64KiB or 16MiB"

    private static let units: [(suffix: String, bytes: Int)] = [
        ("", 1), ("B", 1), ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("KiB", 1 << 10),
        ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    static func bytes(parsing text: String) -> Int? {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let suffix = HeaderList.trimmed(Substring(text.utf8.dropFirst(digits.count)))
        guard let count = Int(String(Substring(digits))), let unit = units.first(where: { $0.suffix == suffix }) else {
            return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : product
    }

    static func text(bytes: Int) -> String {
        let unit = units.last { $0.suffix.hasSuffix("iB") && bytes > 0 && bytes.isMultiple(of: $0.bytes) }
        return unit.map { "\(bytes / $0.bytes)\($0.suffix)" } ?? String(bytes)
    }
}
