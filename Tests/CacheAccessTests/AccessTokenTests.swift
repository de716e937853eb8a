import CacheAccess
import CacheModel
import Testing

@Suite struct AccessTokenTests {
    @Test func aTokenIsReadBackFromItsText() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let token = AccessToken.random(using: &generator)
            #expect(token.text.wholeMatch(of: /smbl_[a-z2-7]{40}/) != nil)
            let again = try #require(AccessToken(parsing: Array(token.text.utf8)))
            #expect(again.digest == token.digest && again.text == token.text)
        }
    }

    @Test func everyMistypedLetterIsNoticed() {
        var generator = SeededGenerator(seed: 2)
        let letters = Array(AccessToken.random(using: &generator).text.utf8)
        for index in letters.indices {
            for other in "abcdefghijklmnopqrstuvwxyz234567A_".utf8 where other != letters[index] {
                var mistyped = letters
                mistyped[index] = other
                #expect(AccessToken(parsing: mistyped) == nil)
            }
        }
        #expect(AccessToken(parsing: letters.dropLast()) == nil)
        #expect(AccessToken(parsing: letters + [letters[7]]) == nil)
        #expect(AccessToken(parsing: [UInt8]()) == nil)
    }

    @Test func aSecretHasAllOfItsBits() {
        var generator = SeededGenerator(seed: 3)
        var seen: Set<TokenDigest> = []
        var letters = [Set<Character>](repeating: [], count: 32)
        for _ in 0..<500 {
            let token = AccessToken.random(using: &generator)
            seen.insert(token.digest)
            for (index, letter) in token.text.dropFirst(5).prefix(32).enumerated() { letters[index].insert(letter) }
        }
        #expect(seen.count == 500)
        // Each of the 32 letters stands for five bits, and takes every value.
        #expect(letters.allSatisfy { $0.count == 32 })
    }

    @Test func theFingerprintIsTheEndOfTheText() {
        var generator = SeededGenerator(seed: 4)
        let token = AccessToken.random(using: &generator)
        #expect(token.text.hasSuffix(token.digest.fingerprint) && token.digest.fingerprint.count == 8)
    }

    @Test func aTokenThatIsPrintedByMistakeIsNotTold() {
        var generator = SeededGenerator(seed: 5)
        let token = AccessToken.random(using: &generator)
        let secret = token.text.dropFirst(5).prefix(32)
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(describing: token), String(reflecting: token), dumped, "\([token])"] {
            #expect(!text.contains(secret))
        }
    }

    @Test func theDigestIsSHA256OfTheSecretAlone() throws {
        // 20 zero bytes; the digest is what sha256sum says of them.
        let digest = "de47c9b27eb8d300dbb5f2c353e632c393262cf06340c4fa7f1b40c4cbd36f90"
        let letters = String(repeating: "a", count: 32)
        let fingerprint = try #require(TokenDigest(hexadecimal: digest)).fingerprint
        let token = try #require(AccessToken(parsing: Array("smbl_\(letters)\(fingerprint)".utf8)))
        #expect(token.digest.hexadecimal == digest)
        #expect(TokenDigest(hexadecimal: String(digest.dropLast())) == nil)
        #expect(TokenDigest(hexadecimal: digest.dropLast() + "g") == nil)
    }
}

/// A generator with a seed (SplitMix64), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
