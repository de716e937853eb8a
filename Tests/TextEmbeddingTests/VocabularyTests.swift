import Testing

@testable import TextEmbedding

@Suite struct VocabularyTests {
    private func vocabulary(_ lines: [String], end: String = "\n") throws -> Vocabulary {
        try Vocabulary(text: Array((lines.joined(separator: end) + end).utf8), name: "test")
    }

    private let special = ["[UNK]", "[CLS]", "[SEP]"]

    @Test(arguments: ["\n", "\r\n"])
    func theNumberOfAPieceIsItsLineAndTheLastOfEqualOnesCounts(_ end: String) throws {
        let vocabulary = try vocabulary(special + ["a", "", "ab", "##b", "a"], end: end)
        #expect(vocabulary.count == 8)
        #expect([vocabulary.unknown, vocabulary.start, vocabulary.end] == [0, 1, 2])
        #expect(
            vocabulary.longestPiece(of: Array("abb".utf8), from: 0).map { [Int($0.identifier), $0.end] } == [5, 2])
        #expect(
            vocabulary.longestPiece(of: Array("abb".utf8), from: 2).map { [Int($0.identifier), $0.end] } == [6, 3])
        #expect(vocabulary.longestPiece(of: Array("ac".utf8), from: 0).map { [Int($0.identifier), $0.end] } == [7, 1])
        #expect(vocabulary.longestPiece(of: Array("b".utf8), from: 0) == nil)
    }

    /// A piece of two bytes is found, its first byte alone is no piece.
    @Test func piecesEndWhereScalarsEnd() throws {
        let vocabulary = try vocabulary(special + ["\u{e9}"])
        #expect(vocabulary.longestPiece(of: Array("\u{e9}".utf8), from: 0)?.end == 2)
        #expect(vocabulary.longestPiece(of: Array("\u{e8}".utf8), from: 0) == nil)
    }

    @Test(arguments: [[], ["a", "b", "c", "d"], ["[UNK]", "[CLS]", "x", "y"]])
    func aVocabularyWithoutTheTokensThatEncodingNeedsIsRefused(_ lines: [String]) {
        let error = #expect(throws: EmbeddingError.self) { try vocabulary(lines) }
        #expect(error?.code == .vocabularyMismatch)
    }
}
