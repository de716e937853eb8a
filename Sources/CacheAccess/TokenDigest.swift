import CacheModel
import Crypto

/// The SHA-256 of a token's secret: all that is kept of it.
///
/// One round without salt is enough. Salts and slow hashes protect passwords, which can be guessed; among 2¹⁶⁰ secrets that
/// are equally likely there is nothing to guess, and no two of them are the same.
package struct TokenDigest: Hashable, Sendable {
    private let bytes: [UInt8]

    init(of secret: [UInt8]) { bytes = Array(SHA256.hash(data: secret)) }

    /// - Returns: nil for anything but 64 hexadecimal digits.
    package init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 2 * SHA256.byteCount else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(hexadecimal: String(decoding: digits[start..<start + 2], as: UTF8.self)) else {
                return nil
            }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    package var hexadecimal: String { bytes.map(\.hexadecimal).joined() }

    /// Eight letters that tell tokens apart: the last ones of the token's text, in lists and logs. They say nothing about the
    /// secret that anybody could use.
    package var fingerprint: String { Base32.text(Array(bytes.prefix(Self.fingerprintBytes))) }

    static let fingerprintBytes = 5
    var fingerprintBytes: ArraySlice<UInt8> { bytes.prefix(Self.fingerprintBytes) }

    /// Takes the same time whatever the difference.
    func isSame(as other: TokenDigest) -> Bool {
        guard bytes.count == other.bytes.count else { return false }
        var difference: UInt8 = 0
        for index in bytes.indices { difference |= bytes[index] ^ other.bytes[index] }
        return difference == 0
    }
}
