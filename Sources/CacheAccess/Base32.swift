/// Base32 of RFC 4648 in lower case: five bits to a letter, most significant first, without padding.
enum Base32 {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// - Parameter bytes: a multiple of five, so that no bits are left over.
    static func text(_ bytes: [UInt8]) -> String {
        var letters: [UInt8] = []
        letters.reserveCapacity(bytes.count / 5 * 8)
        for start in stride(from: 0, to: bytes.count - bytes.count % 5, by: 5) {
            let bits = bytes[start..<start + 5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            for place in (0..<8).reversed() { letters.append(alphabet[Int(bits >> UInt64(5 * place) & 31)]) }
        }
        return String(decoding: letters, as: UTF8.self)
    }

    /// - Returns: nil for anything but whole groups of eight letters of the alphabet.
    static func bytes(_ letters: some Collection<UInt8>) -> [UInt8]? {
        guard letters.count % 8 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count / 8 * 5)
        var bits: UInt64 = 0
        for (index, letter) in letters.enumerated() {
            switch letter {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): bits = bits << 5 | UInt64(letter - UInt8(ascii: "a"))
            case UInt8(ascii: "2")...UInt8(ascii: "7"): bits = bits << 5 | UInt64(letter - UInt8(ascii: "2") + 26)
            default: return nil
            }
            guard index % 8 == 7 else { continue }
            for place in (0..<5).reversed() { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * place))) }
            bits = 0
        }
        return bytes
    }
}
