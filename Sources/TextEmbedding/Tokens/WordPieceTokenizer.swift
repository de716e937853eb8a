/// Splits texts as BERT's tokenizer for models without case does: control characters dropped, Chinese characters and
/// punctuation set apart, case and accents folded, each word divided into the longest pieces that the vocabulary has.
package struct WordPieceTokenizer: Sendable {
    package let vocabulary: Vocabulary
    /// Tokens of a text, with the two that enclose it; at least 2.
    package let maximumTokens: Int

    package init(vocabulary: Vocabulary, maximumTokens: Int) {
        self.vocabulary = vocabulary
        self.maximumTokens = max(2, maximumTokens)
    }

    package func tokens(of text: String) -> TokenSequence {
        var reading = Reading(vocabulary: vocabulary, limit: maximumTokens - 1)
        var text = text
        text.withUTF8 { reading.read($0) }
        return TokenSequence(
            identifiers: reading.identifiers + [vocabulary.end], isTruncated: reading.isTruncated)
    }
}

/// One text on its way through the tokenizer.
private struct Reading {
    private let vocabulary: Vocabulary
    private let classes = ScalarClasses.shared
    /// Of `identifiers`.
    private let limit: Int
    private(set) var identifiers: [Int32]
    private(set) var isTruncated = false
    /// What of the word at hand was read, in UTF-8, and how many scalars it has.
    private var word: [UInt8] = []
    private var wordScalars = 0

    init(vocabulary: Vocabulary, limit: Int) {
        self.vocabulary = vocabulary
        self.limit = limit
        identifiers = [vocabulary.start]
    }

    /// Reads until the text ends, or until there are too many tokens.
    mutating func read(_ text: UnsafeBufferPointer<UInt8>) {
        var position = 0
        while position < text.count, !isTruncated {
            if text[position] == UInt8(ascii: "["), let (length, identifier) = special(in: text, at: position) {
                endWord()
                append(identifier)
                position += length
            } else {
                let (scalar, length) = Self.scalar(in: text, at: position)
                take(scalar)
                position += length
            }
        }
        if !isTruncated { endWord() }
    }

    /// A token that stands in the text by its name.
    private func special(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> (length: Int, identifier: Int32)? {
        for (name, identifier) in vocabulary.special
        where text.count - position >= name.count && text[position..<position + name.count].elementsEqual(name) {
            return (name.count, identifier)
        }
        return nil
    }

    private mutating func take(_ scalar: UInt32) {
        switch classes.action(scalar) {
        case .keep: add(scalar)
        case .drop: break
        case .space: endWord()
        case .apart:
            endWord()
            addFolded(scalar)
            endWord()
        case .replace: addFolded(scalar)
        }
    }

    private mutating func addFolded(_ scalar: UInt32) {
        for index in 0..<classes.foldedCount(scalar) { add(classes.folded(scalar, index)) }
    }

    private mutating func add(_ scalar: UInt32) {
        if classes.isPunctuation(scalar) {
            endWord()
            appendToWord(scalar)
            endWord()
        } else {
            appendToWord(scalar)
        }
    }

    private mutating func appendToWord(_ scalar: UInt32) {
        wordScalars += 1
        guard wordScalars <= EncoderLimits.wordScalars else { return }
        switch scalar {
        case ..<0x80: word.append(UInt8(scalar))
        case ..<0x800: word += [UInt8(0xc0 | scalar >> 6), Self.tail(scalar)]
        case ..<0x1_0000: word += [UInt8(0xe0 | scalar >> 12), Self.tail(scalar >> 6), Self.tail(scalar)]
        default:
            word += [
                UInt8(0xf0 | scalar >> 18), Self.tail(scalar >> 12), Self.tail(scalar >> 6), Self.tail(scalar),
            ]
        }
    }

    private static func tail(_ bits: UInt32) -> UInt8 { UInt8(0x80 | bits & 0x3f) }

    private mutating func endWord() {
        guard wordScalars > 0 else { return }
        let first = identifiers.count
        if wordScalars > EncoderLimits.wordScalars || !appendPieces() {
            identifiers.removeSubrange(first...)
            append(vocabulary.unknown)
        }
        if identifiers.count > limit {
            identifiers.removeSubrange(limit...)
            isTruncated = true
        }
        word.removeAll(keepingCapacity: true)
        wordScalars = 0
    }

    /// - Returns: false if some part of the word is in no piece: then none counts.
    private mutating func appendPieces() -> Bool {
        var position = 0
        while position < word.count {
            guard let (identifier, end) = vocabulary.longestPiece(of: word, from: position) else { return false }
            identifiers.append(identifier)
            position = end
        }
        return true
    }

    private mutating func append(_ identifier: Int32) {
        if identifiers.count < limit { identifiers.append(identifier) } else { isTruncated = true }
    }

    /// A string's UTF-8 is always valid; what is not would be read as some other scalar, never beyond the end.
    private static func scalar(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> (scalar: UInt32, length: Int) {
        let lead = UInt32(text[position])
        let length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
        guard length > 1, text.count - position >= length else { return (lead & 0x7f, 1) }
        var scalar = lead & (0xff >> UInt32(length + 1))
        for offset in 1..<length { scalar = scalar << 6 | UInt32(text[position + offset]) & 0x3f }
        return (min(scalar, 0x10_ffff), length)
    }
}
