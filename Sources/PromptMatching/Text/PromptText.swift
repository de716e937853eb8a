/// A prompt as guards and features read it. Made once per prompt; comparing two of them takes microseconds.
package struct PromptText: Sendable {
    package let tokens: [Token]
    /// What is known of English is used on this prompt.
    package let isEnglish: Bool
    package let quantities: [Quantity]
    package let calendar: CalendarMention
    package let names: [NameMention]
    package let negation: NegationReading
    package let question: QuestionKind?
    /// Positions of identifiers among the tokens.
    package let identifiers: [Int]
    /// Tokens of dates and times.
    package let calendarTokens: Set<Int>
    /// Positions ordered by the keys of their tokens, so that two prompts are compared in one pass.
    let order: [Int32]

    package init(_ text: String) {
        let tokens = Tokenizer.tokens(of: text)
        let isEnglish = FunctionWords.isEnglish(tokens)
        self.tokens = tokens
        self.isEnglish = isEnglish
        let calendar = CalendarReader(tokens, isEnglish: isEnglish)
        self.calendar = calendar.mention
        calendarTokens = calendar.taken
        let quantities = QuantityReader(tokens: tokens, isEnglish: isEnglish, taken: calendar.taken).quantities()
        self.quantities = quantities
        identifiers = tokens.indices.filter { position in
            (tokens[position].kind == .identifier || tokens[position].isQuotedCode && tokens[position].kind == .word)
                && !calendar.taken.contains(position)
        }
        let taken = quantities.reduce(into: calendar.taken) { $0.formUnion($1.tokens) }
        names = isEnglish ? NameReader(tokens: tokens, taken: taken).names() : []
        negation = isEnglish ? NegationReader.reading(of: tokens) : NegationReading()
        question = isEnglish ? QuestionReader.kind(of: tokens) : nil
        order = tokens.indices.map(Int32.init).sorted { (tokens[Int($0)].key, $0) < (tokens[Int($1)].key, $1) }
    }

    /// Whether `joined` is what several neighboring tokens, or one, are without what stands between them: "wi-fi" is
    /// "wifi",
    /// and "iPhone 12" is "iphone12". With `including`, only neighbors among which that token is.
    func hasRun(spelling joined: String, including position: Int? = nil) -> Bool {
        let wanted = Array(joined.utf8.filter { Self.isSpelled($0) })
        guard !wanted.isEmpty else { return false }
        let starts = position.map { max(0, $0 - 4)...$0 } ?? 0...max(0, tokens.count - 1)
        for start in starts where start < tokens.count {
            var matched = 0
            for end in start..<min(start + 6, tokens.count) {
                var isSame = true
                for byte in tokens[end].text.utf8 where Self.isSpelled(byte) {
                    guard matched < wanted.count, wanted[matched] == byte else {
                        isSame = false
                        break
                    }
                    matched += 1
                }
                guard isSame else { break }
                if matched == wanted.count {
                    if let position, position > end { break }
                    return true
                }
            }
        }
        return false
    }

    private static func isSpelled(_ byte: UInt8) -> Bool {
        (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte >= 0x80
    }
}
