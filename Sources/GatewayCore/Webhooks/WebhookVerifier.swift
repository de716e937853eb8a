package import CacheModel
import FoundationEssentials

/// How a sender of webhooks proves who it is.
package enum WebhookAuthentication: String, Hashable, Sendable, CaseIterable {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    case standard
    /// GitHub's `x-hub-signature-256` over the body; it signs no time.
    case github
    /// GitLab's `x-gitlab-token`, which is the secret itself.
    case gitlab
    /// None: for a network on which nobody else is.
    case none
}

/// A webhook that comes from whom it says.
package struct VerifiedWebhook: Hashable, Sendable {
    /// What the sender calls this delivery, the same when it sends it again; nil where it has no name.
    package var identifier: String?
}

/// Checks a webhook before anything of its body is believed.
package struct WebhookVerifier: Hashable, Sendable {
    package let authentication: WebhookAuthentication
    /// The present one, and during a rotation the one before or after it.
    private let secrets: [WebhookSecret]

    /// - Parameter secrets: as many as `GatewayLimits.secretCount`; without any nothing is accepted.
    package init(_ authentication: WebhookAuthentication, secrets: [WebhookSecret]) {
        self.authentication = authentication
        self.secrets = Array(secrets.prefix(GatewayLimits.secretCount))
    }

    /// - Throws: `invalid_signature`, also for lines that are missing or there twice; `timestamp_out_of_range`.
    package func verify(
        _ headers: [HeaderField], body: [UInt8], at now: Timestamp
    ) throws(GatewayError) -> VerifiedWebhook {
        switch authentication {
        case .standard: return try verifyStandard(headers, body, now)
        case .github: try verifyGitHub(headers, body)
        case .gitlab:
            let token = try Self.line("x-gitlab-token", headers)
            // All are compared, whichever it is.
            guard secrets.reduce(false, { $1.equals(token) || $0 }) else { throw Self.refusal("x-gitlab-token") }
        case .none: break
        }
        let name = authentication == .gitlab ? "x-gitlab-event-uuid" : "x-github-delivery"
        let identifier = authentication == .none ? "webhook-id" : name
        return VerifiedWebhook(identifier: try Self.optionalIdentifier(identifier, headers))
    }

    private func verifyStandard(
        _ headers: [HeaderField], _ body: [UInt8], _ now: Timestamp
    ) throws(GatewayError) -> VerifiedWebhook {
        let identifier = try Self.line("webhook-id", headers)
        let timestamp = try Self.line("webhook-timestamp", headers)
        let signatures = try Self.line("webhook-signature", headers)
        guard Self.isIdentifier(identifier) else {
            throw GatewayError(
                .invalidSignature, "webhook-id must be 1 through \(GatewayLimits.webhookIdentifierBytes) bytes.",
                parameter: "webhook-id")
        }
        guard let seconds = DecimalText.unsigned(timestamp).flatMap(Int64.init(exactly:)),
            seconds <= Limits.latestTimestampMilliseconds / 1_000
        else {
            throw GatewayError(
                .invalidSignature, "webhook-timestamp must be whole seconds since 1970.", parameter: "webhook-timestamp"
            )
        }
        // Before any hashing: what is too old costs nothing.
        let distance = now.milliseconds(since: Timestamp(milliseconds: seconds * 1_000))
        let tolerance = GatewayLimits.webhookToleranceSeconds * 1_000
        guard (-tolerance...tolerance).contains(distance) else {
            throw GatewayError(
                .timestampOutOfRange,
                "webhook-timestamp is more than \(GatewayLimits.webhookToleranceSeconds) seconds from now.",
                parameter: "webhook-timestamp")
        }
        let message = Array(identifier.utf8) + [UInt8(ascii: ".")] + Array(timestamp.utf8) + [UInt8(ascii: ".")] + body
        let candidates = signatures.utf8.split(separator: UInt8(ascii: " "))
        guard candidates.count <= GatewayLimits.signatureCount else { throw Self.refusal("webhook-signature") }
        var isValid = false
        for candidate in candidates {
            // Versions that are not known are another's business.
            guard candidate.starts(with: "v1,".utf8),
                let signature = Data(base64Encoded: String(Substring(candidate.dropFirst(3))))
            else { continue }
            for secret in secrets { isValid = secret.isSignature(Array(signature), of: message) || isValid }
        }
        guard isValid else { throw Self.refusal("webhook-signature") }
        return VerifiedWebhook(identifier: identifier)
    }

    private func verifyGitHub(_ headers: [HeaderField], _ body: [UInt8]) throws(GatewayError) {
        let name = "x-hub-signature-256"
        let line = try Self.line(name, headers)
        let prefix = "sha256="
        guard line.hasPrefix(prefix), let signature = Self.bytes(hexadecimal: line.utf8.dropFirst(prefix.utf8.count)),
            secrets.reduce(false, { $1.isSignature(signature, of: body) || $0 })
        else { throw Self.refusal(name) }
    }

    private static func line(_ name: String, _ headers: [HeaderField]) throws(GatewayError) -> String {
        let values = headers.values(name)
        guard values.count == 1 else {
            throw GatewayError(
                .invalidSignature, "The header \(name) must be there exactly once.", parameter: name)
        }
        return values[0]
    }

    private static func optionalIdentifier(_ name: String, _ headers: [HeaderField]) throws(GatewayError) -> String? {
        guard let identifier = headers.values(name).first else { return nil }
        guard isIdentifier(identifier) else { throw refusal(name) }
        return identifier
    }

    private static func isIdentifier(_ text: String) -> Bool {
        (1...GatewayLimits.webhookIdentifierBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
    }

    /// The same words whatever is wrong, and nothing of what would have been right.
    private static func refusal(_ header: String) -> GatewayError {
        GatewayError(.invalidSignature, "The webhook is not signed by a known secret.", parameter: header)
    }

    /// Two digits a byte; nil for anything else.
    static func bytes(hexadecimal text: Substring.UTF8View) -> [UInt8]? {
        let digits = text.map { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        guard digits.count.isMultiple(of: 2), digits.count <= 2 * 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
