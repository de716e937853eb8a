/// Rules for single lines of Swift that the compiler has nothing against.
enum SourceRules {
    /// Lines of a source file, above which it is to be split.
    static let lineCountLimit = 400

    /// What ends the process, or sets a check of the compiler aside: allowed only beside the reason for it.
    private static var reasoned: [(name: String, pattern: Regex<Substring>)] {
        [
            ("fatalError", /\bfatalError\s*\(/), ("try!", /\btry!/), ("as!", /\bas!/),
            ("@unchecked Sendable", /@unchecked\s+Sendable\b/),
            ("nonisolated(unsafe)", /\bnonisolated\s*\(\s*unsafe\s*\)/),
        ]
    }

    /// Each use without a comment on its line or the line before, as line number and name.
    static func unreasonedUses(in source: String) -> [(line: Int, name: String)] {
        let source = SourceCode(source)
        let rules = reasoned
        return source.code.enumerated().flatMap { index, line in
            rules.compactMap { rule in
                line.contains(rule.pattern) && !source.isCommented(atLine: index) ? (index + 1, rule.name) : nil
            }
        }
    }

    static func lineCount(of text: String) -> Int {
        text.split(separator: "\n", omittingEmptySubsequences: false).count - (text.hasSuffix("\n") ? 1 : 0)
    }
}
