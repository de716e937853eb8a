/// The pieces of words that a model knows, each with its number: the line of `vocab.txt`, from 0.
///
/// A hash table of bytes with open addressing; pieces that continue a word stand in it without their `##`.
package struct Vocabulary: Sendable {
    /// Tokens that stand for themselves in any text, as in the original.
    static let specialNames = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    package let count: Int
    /// For words that have no pieces.
    package let unknown: Int32
    /// Before and behind each text.
    package let start: Int32
    package let end: Int32
    /// Bytes of the longest piece.
    let longestBytes: Int
    /// The special tokens that there are, as bytes.
    let special: [(name: [UInt8], identifier: Int32)]

    private struct Slot {
        var identifier: Int32 = -1
        var offset: UInt32 = 0
        var length: UInt16 = 0
        var continues = false
    }

    private var slots: [Slot]
    private var bytes: [UInt8] = []

    /// - Throws: `file-unreadable`, `file-damaged`, `vocabulary-mismatch`.
    package init(path: String) throws(EmbeddingError) {
        let file = try MappedFile(path: path, limitBytes: EncoderLimits.vocabularyBytes)
        try self.init(text: Array(file.bytes), name: path)
    }

    /// - Parameters:
    ///   - text: lines of UTF-8, one piece each.
    ///   - name: what errors call it.
    package init(text: [UInt8], name: String) throws(EmbeddingError) {
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard EncoderLimits.vocabularyRange.contains(lines.count) else {
            throw EmbeddingError(
                .vocabularyMismatch,
                "\(name) has \(lines.count) lines; it must have "
                    + "\(EncoderLimits.vocabularyRange.lowerBound) through \(EncoderLimits.vocabularyRange.upperBound)."
            )
        }
        count = lines.count
        var capacity = 16
        while capacity < 2 * lines.count { capacity *= 2 }
        slots = Array(repeating: Slot(), count: capacity)
        bytes.reserveCapacity(text.count)
        var longest = 0
        var special: [String: Int32] = [:]
        for (number, line) in lines.enumerated() {
            let piece = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if piece.first == UInt8(ascii: "["), piece.count < 8 {
                special[String(decoding: piece, as: UTF8.self)] = Int32(number)
            }
            let continues = piece.starts(with: [UInt8(ascii: "#"), UInt8(ascii: "#")])
            let word = continues ? piece.dropFirst(2) : piece
            // A longer one can match no word.
            guard !word.isEmpty, word.count <= 4 * EncoderLimits.wordScalars else { continue }
            longest = max(longest, word.count)
            Self.insert(word, continues, Int32(number), into: &slots, &bytes)
        }
        longestBytes = longest
        guard let unknown = special["[UNK]"], let start = special["[CLS]"], let end = special["[SEP]"] else {
            throw EmbeddingError(.vocabularyMismatch, "\(name) lacks one of [UNK], [CLS] and [SEP].")
        }
        self.unknown = unknown
        self.start = start
        self.end = end
        self.special = Self.specialNames.compactMap { name in special[name].map { (Array(name.utf8), $0) } }
    }

    /// The last of several equal lines counts, as in the original.
    private static func insert(
        _ word: ArraySlice<UInt8>, _ continues: Bool, _ identifier: Int32, into slots: inout [Slot],
        _ bytes: inout [UInt8]
    ) {
        var hash = PieceHash(continues: continues)
        for byte in word { hash.add(byte) }
        var index = hash.index(slots.count)
        while slots[index].identifier >= 0 {
            let slot = slots[index]
            let range = Int(slot.offset)..<Int(slot.offset) + Int(slot.length)
            if slot.continues == continues, bytes[range].elementsEqual(word) {
                slots[index].identifier = identifier
                return
            }
            index = (index + 1) & (slots.count - 1)
        }
        slots[index] = Slot(
            identifier: identifier, offset: UInt32(bytes.count), length: UInt16(word.count), continues: continues)
        bytes += word
    }

    /// The longest piece that begins `word` at `first`, and where it ends.
    func longestPiece(of word: [UInt8], from first: Int) -> (identifier: Int32, end: Int)? {
        let continues = first > 0
        var hash = PieceHash(continues: continues)
        var found: (Int32, Int)?
        var end = first
        let last = min(word.count, first + longestBytes)
        while end < last {
            hash.add(word[end])
            end += 1
            // Pieces end where a scalar ends.
            if end < word.count, word[end] & 0xc0 == 0x80 { continue }
            if let identifier = lookUp(word, first..<end, hash, continues) { found = (identifier, end) }
        }
        return found
    }

    private func lookUp(_ word: [UInt8], _ range: Range<Int>, _ hash: PieceHash, _ continues: Bool) -> Int32? {
        var index = hash.index(slots.count)
        while slots[index].identifier >= 0 {
            let slot = slots[index]
            if slot.continues == continues, Int(slot.length) == range.count {
                let offset = Int(slot.offset)
                var position = 0
                while position < range.count, bytes[offset + position] == word[range.lowerBound + position] {
                    position += 1
                }
                if position == range.count { return slot.identifier }
            }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }
}

/// FNV-1a of 64 bits, byte by byte. http://www.isthe.com/chongo/tech/comp/fnv/
private struct PieceHash {
    private var value: UInt64

    init(continues: Bool) { value = continues ? 0x9ae1_6a3b_2f90_404f : 0xcbf2_9ce4_8422_2325 }

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

    /// - Parameter count: of slots, a power of two.
    func index(_ count: Int) -> Int { Int(truncatingIfNeeded: value ^ value >> 32) & (count - 1) }
}
