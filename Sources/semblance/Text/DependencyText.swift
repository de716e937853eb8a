import CacheModel

/// A source and its version as one word, for dependencies and for news about a source.
///
///     kb/refunds@42                          version 42 of the first generation
///     kb/refunds@42~00c1f3a09b2e7d44:17      version 42 of the generation that began at that position
///     docs/api#9f3c1e7                       under a label
///     kb/shipping                            in a state that nobody named
///
/// The first `@` or `#` ends the name, so names with one of them cannot be written this way; a label may have both.
enum DependencyText {
    /// - Throws: `invalid-argument` with the detail `got`.
    static func parse(_ text: String) throws(CacheError) -> Dependency {
        guard let separator = text.firstIndex(where: { $0 == "@" || $0 == "#" }) else {
            return Dependency(try source(text[...], in: text))
        }
        let name = try source(text[..<separator], in: text)
        let rest = text[text.index(after: separator)...]
        if text[separator] == "#" {
            guard (1...Limits.labelBytes).contains(rest.utf8.count) else {
                throw invalid(text, "a label after '#' has 1 through \(Limits.labelBytes) bytes")
            }
            return Dependency(name, .labelled(String(rest)))
        }
        let parts = rest.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
        guard let version = number(parts[0]) else {
            throw invalid(text, "after '@' comes a whole number from 0 through \(UInt64.max); labels come after '#'")
        }
        guard parts.count == 2 else { return Dependency(name, .ordered(version)) }
        guard let generation = Generation(String(parts[1])) else {
            throw invalid(text, "a generation after '~' is a position such as 00c1f3a09b2e7d44:17")
        }
        return Dependency(name, .ordered(version, generation: generation))
    }

    /// A whole number in digits only.
    static func number(_ text: Substring) -> UInt64? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt64(text) : nil
    }

    private static func source(_ name: Substring, in text: String) throws(CacheError) -> String {
        guard (1...Limits.sourceBytes).contains(name.utf8.count) else {
            throw invalid(text, "the name of a source has 1 through \(Limits.sourceBytes) bytes")
        }
        return String(name)
    }

    private static func invalid(_ text: String, _ reason: String) -> CacheError {
        CacheError(.invalidArgument, "'\(text)' names no state of a source: \(reason)", detail: ["got": text])
    }

    /// What `parse` reads back, as long as the name has neither `@` nor `#`.
    static func text(_ dependency: Dependency) -> String { dependency.source + suffix(dependency.version) }

    /// The version with its sign; empty for none.
    static func suffix(_ version: DataVersion) -> String {
        switch version {
        case .unnamed: ""
        case .ordered(let number, .zero): "@\(number)"
        case .ordered(let number, let generation): "@\(number)~\(generation)"
        case .labelled(let label): "#\(label)"
        }
    }
}
