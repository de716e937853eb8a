/// Cuts a prompt into tokens.
///
/// Digits, quotation marks and dashes of all scripts become ASCII. Words keep their letters. Scripts without spaces
/// are cut
/// into single characters, so that their numbers are seen.
struct Tokenizer {
    /// What is read of a prompt. What comes after is not compared by guards.
    static let tokenLimit = 4_096

    private(set) var tokens: [Token] = []
    private var beginsSentence = true

    static func tokens(of text: String) -> [Token] {
        var tokenizer = Tokenizer()
        tokenizer.read(text)
        return tokenizer.tokens
    }

    private mutating func read(_ text: String) {
        var chunk: [Unicode.Scalar] = []
        var isCode = false
        for scalar in text.unicodeScalars {
            let scalar = Self.folded(scalar)
            if scalar == "`" || scalar.isSpace {
                read(chunk, isCode: isCode)
                chunk.removeAll(keepingCapacity: true)
                if scalar == "`" { isCode.toggle() }
                if tokens.count >= Self.tokenLimit { return }
            } else if scalar.value > 0x1F {
                chunk.append(scalar)
            }
        }
        read(chunk, isCode: false)
    }

    // MARK: Chunks: what stands between spaces

    private mutating func read(_ chunk: [Unicode.Scalar], isCode: Bool) {
        var start = 0
        var end = chunk.count
        while start < end, Self.opening.contains(chunk[start]) { start += 1 }
        var closesSentence = false
        var closesClause = false
        while start < end, let scalar = chunk[start..<end].last, Self.closing.contains(scalar) {
            // A pair of empty brackets belongs to the name of a function.
            if scalar == ")", end - start >= 3, chunk[end - 2] == "(" { break }
            closesSentence = closesSentence || scalar == "." || scalar == "?" || scalar == "!"
            closesClause = closesClause || scalar != "\"" && scalar != "'"
            end -= 1
        }
        let first = tokens.count
        if start < end { classify(Array(chunk[start..<end])) }
        if tokens.count > first {
            tokens[first].beginsSentence = beginsSentence
            beginsSentence = false
            tokens[tokens.count - 1].endsClause = closesClause
            if isCode { for index in first..<tokens.count { tokens[index].isQuotedCode = true } }
        }
        if closesSentence { beginsSentence = true }
    }

    private mutating func classify(_ core: [Unicode.Scalar]) {
        if core.contains(where: { $0.value >= 0x0E00 && CharacterScript.hasNoSpaces($0) }) {
            return splitScript(core)
        }
        let hasDigit = core.contains { $0.isDigit }
        if hasDigit, let number = NumberText(core) {
            return append(number)
        }
        let text = String(String.UnicodeScalarView(core))
        if let name = IdentifierText.name(in: core) {
            if hasDigit, let aliased = Alias.words[name.lowercased()] {
                return append(words: aliased, original: text)
            }
            // A brand like "PostgreSQL" is a word with capitals inside.
            let lower = name.lowercased()
            if !hasDigit, Alias.names[lower] != nil || KnownNames.named(lower) != nil { return appendWords(core) }
            return append(Token(kind: .identifier, text: name.lowercased(), original: name))
        }
        appendWords(core)
    }

    private mutating func splitScript(_ core: [Unicode.Scalar]) {
        var run: [Unicode.Scalar] = []
        for scalar in core {
            if CharacterScript.hasNoSpaces(scalar) {
                if !run.isEmpty { classify(run) }
                run = []
                let text = String(Character(scalar))
                append(Token(kind: .word, text: text, original: text))
            } else {
                run.append(scalar)
            }
        }
        if !run.isEmpty { classify(run) }
    }

    // MARK: Tokens

    private mutating func append(_ token: Token) {
        guard tokens.count < Self.tokenLimit else { return }
        tokens.append(token)
        // "service A", where the letter is a name and not an article.
        if token.original == "A", tokens.count > 1, !beginsSentence { tokens[tokens.count - 1].isFunctionWord = false }
    }

    private mutating func append(words: [String], original: String) {
        for word in words {
            let isNumber = word.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
            append(Token(kind: isNumber ? .number : .word, text: word, original: original))
        }
    }

    private mutating func append(_ number: NumberText) {
        let isVersion = number.prefix == "version"
        if let prefix = number.prefix { append(Token(kind: .word, text: prefix, original: prefix)) }
        append(
            Token(
                kind: number.isIdentifier ? .identifier : .number, text: number.digits,
                original: number.original))
        if let upper = number.rangeEnd {
            append(Token(kind: .number, text: upper, original: upper))
            tokens[tokens.count - 1].isJoined = true
        }
        guard !isVersion else { return }
        for (offset, word) in number.suffix.enumerated() {
            append(Token(kind: .word, text: word, original: word))
            tokens[tokens.count - 1].isJoined = number.isHyphenated || offset > 0
        }
    }

    private mutating func appendWords(_ core: [Unicode.Scalar]) {
        var isJoined = false
        for part in core.split(whereSeparator: { $0 == "-" || $0 == "/" || $0 == "," || $0 == "&" || $0 == "|" }) {
            let written = String(String.UnicodeScalarView(part))
            let isCapitalized = part.first?.isUpper ?? false
            for (offset, word) in Contraction.words(of: written).enumerated() where !word.text.isEmpty {
                let texts = Alias.texts(of: word.text, original: written)
                for text in texts {
                    var token = Token(kind: .word, text: text, original: offset == 0 ? written : text)
                    token.isCapitalized = isCapitalized && offset == 0
                    token.isPossessive = word.isPossessive
                    token.isJoined = isJoined
                    append(token)
                }
            }
            isJoined = true
        }
    }

    // MARK: Characters

    private static let opening: Set<Unicode.Scalar> = ["(", "[", "{", "<", "\"", "'", "*", "¿", "¡", "=", ","]
    private static let closing: Set<Unicode.Scalar> = [
        ".", ",", "?", "!", ";", ":", ")", "]", "}", ">", "\"", "'", "*", "=", "…", "。", "？", "！", "、", "，",
    ]

    /// One form for what is written in several.
    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x21...0x7E: return scalar
        case 0xA0, 0x2000...0x200A, 0x202F, 0x3000: return " "
        case 0x2018, 0x2019, 0x201A, 0x02BC, 0xB4: return "'"
        case 0x201C...0x201F, 0xAB, 0xBB: return "\""
        case 0x2010...0x2015, 0x2212: return "-"
        case 0xFF01...0xFF5E: return Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
        default:
            guard scalar.value > 0x7F, scalar.properties.generalCategory == .decimalNumber,
                let value = scalar.properties.numericValue
            else { return scalar }
            return Unicode.Scalar(UInt32(value) + 48) ?? scalar
        }
    }
}

extension Unicode.Scalar {
    /// An ASCII digit; the tokenizer has made all others to these.
    var isDigit: Bool { value >= 48 && value <= 57 }
    // Properties of ASCII are told without the tables of Unicode, which are slow.
    var isLetter: Bool { value < 0x80 ? isASCIILetter : properties.isAlphabetic }
    var isUpper: Bool { value < 0x80 ? value >= 65 && value <= 90 : properties.isUppercase }
    var isLower: Bool { value < 0x80 ? value >= 97 && value <= 122 : properties.isLowercase }
    var isSpace: Bool { value < 0x80 ? value == 32 || (value >= 9 && value <= 13) : properties.isWhitespace }
    var isASCIILetter: Bool { (value | 32) >= 97 && (value | 32) <= 122 }
}

enum CharacterScript {
    /// Whether words of this character's script are written without spaces between them.
    static func hasNoSpaces(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF: scalar.properties.isAlphabetic
        case 0x3040...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: true
        default: false
        }
    }
}
