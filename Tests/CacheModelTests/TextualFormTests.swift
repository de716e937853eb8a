import CacheModel
import Testing

/// What people and programs write down must be read back as what it was.
@Suite struct TextualFormTests {
    private static func numbers(seed: UInt64) -> [UInt64] {
        var random = SeededGenerator(seed: seed)
        return [0, 1, 15, 16, UInt64(Int64.max), .max]
            + (0..<200).map { _ in random.next() >> UInt64.random(in: 0..<64, using: &random) }
    }

    @Test func aPositionIsReadBackAsItWasWritten() {
        for (incarnation, sequence) in zip(Self.numbers(seed: 1), Self.numbers(seed: 2).reversed()) {
            let position = Position(incarnation: incarnation, sequence: sequence)
            #expect(Position(position.description) == position)
        }
        #expect(Position(incarnation: 0x00c1_f3a0_9b2e_7d44, sequence: 17).description == "00c1f3a09b2e7d44:17")
    }

    @Test func aLeaseIsReadBackAsItWasWritten() {
        for (number, namespace) in zip(Self.numbers(seed: 3), Self.numbers(seed: 4).reversed()) {
            let lease = Lease(
                position: Position(incarnation: number, sequence: namespace), namespace: number ^ namespace)
            #expect(Lease(lease.description) == lease)
        }
    }

    @Test func scopesAndKeysAreReadBackAsTheyWereWritten() {
        for (high, low) in zip(Self.numbers(seed: 5), Self.numbers(seed: 6).reversed()) {
            let number = UInt128(high) << 64 | UInt128(low)
            #expect(Scope(number).description.utf8.count == 32)
            #expect(Scope(Scope(number).description) == Scope(number))
            #expect(ExactKey(ExactKey(number).description) == ExactKey(number))
        }
        #expect(Scope("1f") == Scope(31))
    }

    @Test(arguments: [
        "", ":", "1", "1:", ":1", "1:2:3", "1:-2", "-1:2", "+1:2", "g:1", "00000000000000001:1",
        "1:18446744073709551616", " 1:2", "1:2 ", "1 :2", "1:0x2",
    ])
    func whatIsNoPositionIsNotReadAsOne(text: String) {
        #expect(Position(text) == nil)
        #expect(Lease("\(text)/0") == nil)
    }

    @Test(arguments: ["", "1:2", "1:2/", "/1", "1:2/1/1", "1:2/g", "1:2/00000000000000001", "1:2/-1", "1:2/+1"])
    func whatIsNoLeaseIsNotReadAsOne(text: String) {
        #expect(Lease(text) == nil)
    }

    @Test(arguments: ["", "+1", "-1", "g", " 1", "0x1", "000000000000000000000000000000001"])
    func whatIsNoFingerprintIsNotReadAsOne(text: String) {
        #expect(Scope(text) == nil)
        #expect(ExactKey(text) == nil)
    }

    @Test func theFingerprintOfANamespaceIsFNV1a() {
        // The test vectors of the hash's authors (http://www.isthe.com/chongo/src/fnv/test_fnv.c).
        #expect(namespaceFingerprint("") == 0xcbf2_9ce4_8422_2325)
        #expect(namespaceFingerprint("a") == 0xaf63_dc4c_8601_ec8c)
        #expect(namespaceFingerprint("foobar") == 0x8594_4171_f739_67e8)
    }
}
