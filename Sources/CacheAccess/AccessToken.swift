import CacheModel

/// A secret that a client shows to be let in.
///
///     smbl_ + 32 letters (160 random bits) + 8 letters (fingerprint)
///
/// Letters are base32. The prefix is for scanners that look for secrets in places where they do not belong; the
/// fingerprint, the first 40 bits of the secret's SHA-256, finds typing errors without asking the service, and tells
/// scanners what only looks like a token.
package struct AccessToken: Sendable {
    package static let prefix = "smbl_"
    static let secretBytes = 20

    private let secret: [UInt8]
    package let digest: TokenDigest

    /// - Parameter generator: the system's, except in tests.
    package static func random(using generator: inout some RandomNumberGenerator) -> AccessToken {
        AccessToken(secret: (0..<secretBytes).map { _ in UInt8.random(in: 0 ... .max, using: &generator) })
    }

    package static func random() -> AccessToken {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    private init(secret: [UInt8]) {
        self.secret = secret
        digest = TokenDigest(of: secret)
    }

    /// - Returns: nil for what no service has ever made.
    package init?(parsing text: some Collection<UInt8>) {
        let length = Self.prefix.utf8.count + (Self.secretBytes + TokenDigest.fingerprintBytes) / 5 * 8
        guard text.count == length, text.starts(with: Self.prefix.utf8),
            let bytes = Base32.bytes(text.dropFirst(Self.prefix.utf8.count))
        else { return nil }
        self.init(secret: Array(bytes.prefix(Self.secretBytes)))
        guard digest.fingerprintBytes.elementsEqual(bytes.dropFirst(Self.secretBytes)) else { return nil }
    }

    /// The secret itself, to be shown once to whoever has asked for it.
    package var text: String { Self.prefix + Base32.text(secret + digest.fingerprintBytes) }
}

/// A token that finds its way into a log or a message by mistake is not told there.
extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "token …\(digest.fingerprint)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["fingerprint": digest.fingerprint]) }
}
