/// One word, number or identifier of a prompt.
package struct Token: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case word
        /// Digits, with or without sign, separators and a currency sign; the unit, if any, is another token.
        case number
        /// A name that a machine reads: `render_page()`, `--force`, `E1042`, `10.0.0.5`, `/var/log`.
        case identifier
    }

    package var kind: Kind
    /// Lower-case; contractions are written out and apostrophes are gone.
    package var text: String
    /// As `WordStem` has it; of numbers and identifiers the text.
    package var stem: String
    /// FNV-1a of the stem: what two prompts are compared by.
    package var key: UInt64
    /// As it was written.
    package var original: String
    package var isCapitalized = false
    /// First of the prompt, or after a full stop, a question mark or an exclamation mark.
    package var beginsSentence = false
    /// Between backticks.
    package var isQuotedCode = false
    /// Followed by "'s".
    package var isPossessive = false
    /// Joined by a hyphen to the token before: "two-year-old".
    package var isJoined = false
    /// Followed by a comma, a semicolon, a colon or a bracket.
    package var endsClause = false
    /// A word without a meaning of its own: "the", "do", "my".
    package var isFunctionWord = false

    package init(kind: Kind, text: String, original: String) {
        self.kind = kind
        self.text = text
        self.original = original
        switch kind {
        case .word:
            isFunctionWord = FunctionWords.all.contains(text)
            stem = isFunctionWord ? text : WordStem.of(text)
        case .number, .identifier:
            stem = text
        }
        key = Self.key(of: stem)
    }

    package static func key(of text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
