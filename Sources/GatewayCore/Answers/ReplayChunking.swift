/// How a stored text is cut when it is replayed as a stream.
package enum ReplayChunking: Hashable, Sendable {
    /// As it first came, if it came as a stream; else by words.
    case original
    /// A word each, with the white space before it.
    case words

    /// A word that is longer is cut: languages without spaces would come in one piece.
    static let longestWordBytes = 48

    /// Ranges that cover the text, in order, none empty, all between scalars.
    func ranges(of answer: StoredAnswer) -> [Range<Int>] {
        guard self == .words || answer.chunkEnds.isEmpty else {
            return zip([0] + answer.chunkEnds, answer.chunkEnds).map { $0..<$1 }
        }
        var ranges: [Range<Int>] = []
        var start = 0
        var hasWord = false
        for (index, byte) in answer.text.enumerated() {
            let isSpace = byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
            let isLong = index - start >= Self.longestWordBytes && byte & 0xc0 != 0x80
            if index > start, (isSpace && hasWord) || isLong {
                ranges.append(start..<index)
                start = index
                hasWord = false
            }
            hasWord = hasWord || !isSpace
        }
        if start < answer.text.count { ranges.append(start..<answer.text.count) }
        return ranges
    }
}
