/// One name or a family of names: `gpt-4o`, or with one star for any letters, none included, `claude-*`, `*-mini`,
/// `ft:*:support`, `*`.
package struct NamePattern: Hashable, Sendable, CustomStringConvertible {
    private let prefix: [UInt8]
    /// Nil for a name without a star.
    private let suffix: [UInt8]?

    /// - Returns: nil for an empty text, one with two stars, and one longer than `GatewayLimits.modelBytes`.
    package init?(_ text: String) {
        guard (1...GatewayLimits.modelBytes).contains(text.utf8.count) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        prefix = Array(parts[0])
        suffix = parts.count == 2 ? Array(parts[1]) : nil
    }

    package var description: String {
        String(decoding: prefix + (suffix.map { [UInt8(ascii: "*")] + $0 } ?? []), as: UTF8.self)
    }

    /// A name, not a family of names.
    package var isExact: Bool { suffix == nil }

    /// How much of a name it says. The pattern that says most decides.
    var literalCount: Int { prefix.count + (suffix?.count ?? 0) }

    /// What stands for the star, empty for a name without one; nil when the name is another.
    package func match(_ name: String) -> Substring? {
        let bytes = name.utf8
        guard let suffix else { return bytes.elementsEqual(prefix) ? "" : nil }
        guard bytes.count >= prefix.count + suffix.count, bytes.starts(with: prefix),
            bytes.suffix(suffix.count).elementsEqual(suffix)
        else { return nil }
        return Substring(bytes.dropFirst(prefix.count).dropLast(suffix.count))
    }

    /// Whether there is a name that both match.
    func overlaps(_ other: NamePattern) -> Bool {
        guard let suffix, let otherSuffix = other.suffix else {
            return isExact ? other.match(description) != nil : match(other.description) != nil
        }
        // A name that begins with the longer beginning and ends with the longer end matches both.
        return Self.agree(prefix[...], other.prefix[...])
            && Self.agree(Array(suffix.reversed())[...], Array(otherSuffix.reversed())[...])
    }

    private static func agree(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
        zip(one, other).allSatisfy { $0 == $1 }
    }
}
