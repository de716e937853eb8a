import CacheStorage
import Testing

@Suite struct ChecksumTests {
    /// The buffer and the values of the reference implementation's self-test (xxHash, `tests/sanity_test.c`), for the seeds 0
    /// and 2654435761.
    @Test(arguments: [
        (0, 0xEF46_DB37_51D8_E999 as UInt64, 0xAC75_FDA2_929B_17EF as UInt64),
        (1, 0xE934_A84A_DB05_2768, 0x5014_6076_43A9_B4C3),
        (4, 0x9136_A0DC_A574_57EE, 0xCAAB_286B_D8E9_FDB5),
        (14, 0x8282_DCC4_994E_35C8, 0xC3BD_6BF6_3DEB_6DF0),
        (32, 0x18B2_1649_2BB4_4B70, 0xB3F3_3BDF_93AD_E409),
        (222, 0xB641_AE8C_B691_C174, 0x20CB_8AB7_AE10_C14A),
        (2_367, 0xA824_18DD_EC0E_A581, 0xA36A_93C1_8052_673A),
    ])
    func theChecksumIsXXH64(count: Int, unseeded: UInt64, seeded: UInt64) {
        let prime: UInt64 = 2_654_435_761
        var generator = prime
        let buffer = (0..<count).map { _ -> UInt8 in
            defer { generator = generator &* 0x9E37_79B1_85EB_CA8D }
            return UInt8(generator >> 56)
        }
        #expect(Checksum.of(buffer) == unseeded)
        #expect(Checksum.of(buffer, seed: prime) == seeded)
    }

    @Test(arguments: [
        ("a", 0xD24E_C4F1_A98C_6E5B as UInt64), ("abc", 0x44BC_2CF5_AD77_0999),
        ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
    ])
    func theChecksumOfATextIsTheOneThatEverybodyElseGets(text: String, checksum: UInt64) {
        #expect(Checksum.of(Array(text.utf8)) == checksum)
    }

    @Test func theChecksumDoesNotDependOnWhereTheBytesLie() {
        var random = SeededGenerator(seed: 1)
        let bytes = (0..<203).map { _ in UInt8.random(in: 0...255, using: &random) }
        for shift in 0..<16 {
            let moved = [UInt8](repeating: 0, count: shift) + bytes
            let checksum = moved.withUnsafeBytes { Checksum.of(UnsafeRawBufferPointer(rebasing: $0[shift...])) }
            #expect(checksum == Checksum.of(bytes))
        }
    }
}
