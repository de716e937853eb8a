import Crypto
import FoundationEssentials

/// The key that a sender and the gateway share: `whsec_` and base64 of 24 through 64 random bytes, as Standard Webhooks
/// has it.
package struct WebhookSecret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private static let prefix = "whsec_"
    private static let keyBytes = 24...64
    /// Other services take any text as their secret.
    private static let textBytes = 16...256

    let bytes: [UInt8]

    /// - Returns: nil for what is not base64 of 24 through 64 bytes, with or without the prefix.
    package init?(_ text: String) {
        let encoded = text.hasPrefix(Self.prefix) ? String(text.dropFirst(Self.prefix.count)) : text
        guard encoded.utf8.count <= Self.textBytes.upperBound, let key = Data(base64Encoded: encoded),
            Self.keyBytes.contains(key.count)
        else { return nil }
        bytes = Array(key)
    }

    /// A secret of a service which takes its text as it is: GitHub's, GitLab's.
    ///
    /// - Returns: nil for less than 16 bytes, which could be guessed, and for more than 256.
    package init?(plain text: String) {
        guard Self.textBytes.contains(text.utf8.count) else { return nil }
        bytes = Array(text.utf8)
    }

    package var description: String { Secret.mask }
    package var debugDescription: String { Secret.mask }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Takes the same time wherever the first difference is.
    func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: message, using: SymmetricKey(data: bytes))
    }

    /// The value of `webhook-signature` for a body, as a sender makes it: HMAC-SHA256 over `id.timestamp.body`.
    package func standardSignature(of body: [UInt8], identifier: String, timestamp: String) -> String {
        let signature = signature(of: Array("\(identifier).\(timestamp).".utf8) + body)
        return "v1," + Data(signature).base64EncodedString()
    }

    func signature(of message: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: bytes)))
    }

    /// Takes the same time wherever the first difference is; hashed first, so that lengths tell nothing either.
    func equals(_ text: String) -> Bool {
        isSignature(signature(of: Array(text.utf8)), of: bytes)
    }
}
