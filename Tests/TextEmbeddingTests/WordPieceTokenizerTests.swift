import Foundation
import Testing

@testable import TextEmbedding

@Suite struct WordPieceTokenizerTests {
    /// What the original tokenizer makes of odd texts with a small vocabulary. `Benchmarks/encoder/make_fixtures.py`
    /// wrote both files.
    struct Fixture: Decodable {
        var text: String
        var identifiers: [Int32]
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tokens")

    private func tokenizer(_ maximumTokens: Int = 512) throws -> WordPieceTokenizer {
        WordPieceTokenizer(
            vocabulary: try Vocabulary(path: Self.folder.appending(path: "vocab.txt").path),
            maximumTokens: maximumTokens)
    }

    private func fixtures() throws -> [Fixture] {
        let lines = try String(contentsOf: Self.folder.appending(path: "texts.jsonl"), encoding: .utf8)
        return try lines.split(separator: "\n").map { try JSONDecoder().decode(Fixture.self, from: Data($0.utf8)) }
    }

    @Test func tokensAreThoseOfTheOriginal() throws {
        let tokenizer = try tokenizer()
        let fixtures = try fixtures()
        #expect(fixtures.count > 200)
        for fixture in fixtures {
            let tokens = tokenizer.tokens(of: fixture.text)
            #expect(tokens.identifiers == fixture.identifiers, "\(fixture.text.debugDescription)")
            #expect(!tokens.isTruncated)
        }
    }

    @Test func aTextIsCutToTheTokensOfTheModelAndThatIsTold() throws {
        let fixtures = try fixtures()
        for limit in [2, 3, 5, 8, 13] {
            let tokenizer = try tokenizer(limit)
            for fixture in fixtures {
                let tokens = tokenizer.tokens(of: fixture.text)
                let whole = fixture.identifiers
                let expected = whole.count <= limit ? whole : Array(whole[..<(limit - 1)] + whole.suffix(1))
                #expect(tokens.identifiers == expected, "\(limit), \(fixture.text.debugDescription)")
                #expect(tokens.isTruncated == (whole.count > limit), "\(limit), \(fixture.text.debugDescription)")
            }
        }
    }

    @Test func aLongTextIsReadOnlyAsFarAsItsTokensCount() throws {
        let text = String(repeating: "a ", count: 1_000_000)
        let tokens = try tokenizer(16).tokens(of: text)
        #expect(tokens.identifiers.count == 16)
        #expect(tokens.isTruncated)
    }

    @Test func whatStringsHoldInOtherFormsHasTheSameTokens() throws {
        let tokenizer = try tokenizer()
        let composed = "\u{c9}t\u{e9} \u{d55c}\u{ae00}", decomposed = composed.decomposedStringWithCanonicalMapping
        #expect(composed.unicodeScalars.count != decomposed.unicodeScalars.count)
        #expect(tokenizer.tokens(of: composed) == tokenizer.tokens(of: decomposed))
        // A bridged or a sliced string is not stored in one piece.
        let sliced = String("x \(composed)".dropFirst(2))
        #expect(tokenizer.tokens(of: sliced) == tokenizer.tokens(of: composed))
    }
}
