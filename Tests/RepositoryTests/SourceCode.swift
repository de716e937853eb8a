/// Swift or C source divided into what the compiler runs and what it skips, line by line.
struct SourceCode {
    /// The lines without their comments; what string literals say is blank too, its quotes stay.
    private(set) var code: [String]
    /// Whether a line holds a comment, or part of one.
    private(set) var hasComment: [Bool]

    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.scanCode(until: nil)
        scanner.endLine()
        code = scanner.code
        hasComment = scanner.hasComment
    }

    /// A comment on this line or on the one before, where a reason is expected to stand.
    func isCommented(atLine index: Int) -> Bool {
        hasComment[index] || (index > 0 && hasComment[index - 1])
    }
}

private struct Scanner {
    let bytes: [UInt8]
    private var position = 0
    private var line: [UInt8] = []
    private var lineHasComment = false
    private(set) var code: [String] = []
    private(set) var hasComment: [Bool] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Scans to the end, or through the parenthesis that closes an interpolation.
    mutating func scanCode(until closing: UInt8?) {
        var depth = 0
        while position < bytes.count {
            if isNext("//") {
                skipLineComment()
            } else if isNext("/*") {
                skipBlockComment()
            } else if let hashes = hashesBeforeQuote() {
                scanString(hashes: hashes)
            } else {
                let byte = bytes[position]
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                take()
                if byte == closing, depth < 0 { return }
            }
        }
    }

    mutating func endLine() {
        code.append(String(decoding: line, as: UTF8.self))
        hasComment.append(lineHasComment)
        line = []
        lineHasComment = false
    }

    private func isNext(_ text: StaticString, at offset: Int = 0) -> Bool {
        let start = position + offset
        guard start + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[start..<start + text.utf8CodeUnitCount]) }
    }

    private mutating func take() {
        if bytes[position] == UInt8(ascii: "\n") { endLine() } else { line.append(bytes[position]) }
        position += 1
    }

    /// Passes over bytes, blank in the code; lines still end.
    private mutating func skip(_ count: Int = 1) {
        for _ in 0..<min(count, bytes.count - position) {
            if bytes[position] == UInt8(ascii: "\n") { endLine() } else { line.append(UInt8(ascii: " ")) }
            position += 1
        }
    }

    private mutating func skipLineComment() {
        lineHasComment = true
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { skip() }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            lineHasComment = true
            if isNext("/*") {
                depth += 1
                skip(2)
            } else if isNext("*/") {
                depth -= 1
                skip(2)
            } else {
                skip()
            }
        } while depth > 0 && position < bytes.count
    }

    /// The number of `#` of a string literal that begins here, nil where none begins.
    private func hashesBeforeQuote() -> Int? {
        var end = position
        while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
        return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - position : nil
    }

    private mutating func scanString(hashes: Int) {
        for _ in 0..<hashes { take() }
        let isMultiline = isNext("\"\"\"")
        let quotes = isMultiline ? 3 : 1
        for _ in 0..<quotes { take() }
        while position < bytes.count {
            if isDelimiter(quotes: quotes, hashes: hashes) {
                for _ in 0..<quotes + hashes { take() }
                return
            }
            if !isMultiline, bytes[position] == UInt8(ascii: "\n") { return }
            guard isEscape(hashes: hashes) else {
                skip()
                continue
            }
            skip(1 + hashes)
            if isNext("(") {
                take()
                scanCode(until: UInt8(ascii: ")"))
            } else {
                skip()
            }
        }
    }

    private func isDelimiter(quotes: Int, hashes: Int) -> Bool {
        guard position + quotes + hashes <= bytes.count else { return false }
        return bytes[position..<position + quotes].allSatisfy { $0 == UInt8(ascii: "\"") }
            && bytes[position + quotes..<position + quotes + hashes].allSatisfy { $0 == UInt8(ascii: "#") }
    }

    private func isEscape(hashes: Int) -> Bool {
        guard bytes[position] == UInt8(ascii: "\\"), position + hashes < bytes.count else { return false }
        return bytes[position + 1..<position + 1 + hashes].allSatisfy { $0 == UInt8(ascii: "#") }
    }
}
