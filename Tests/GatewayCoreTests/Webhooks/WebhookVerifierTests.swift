import CacheModel
import Crypto
import Foundation
import Testing

@testable import GatewayCore

@Suite struct WebhookVerifierTests {
    private static let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let verifier = WebhookVerifier(.standard, secrets: [WebhookSecret(text)!])
    private static let body = Array(#"{"test": 2432232314}"#.utf8)
    private static let now = Timestamp(milliseconds: 1_614_265_330_000)
    /// From the reference libraries of Standard Webhooks.
    private static let known = [
        HeaderField("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), HeaderField("webhook-timestamp", "1614265330"),
        HeaderField("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ]

    @Test func theSignatureOfTheReferenceLibrariesIsAccepted() throws {
        let webhook = try Self.verifier.verify(Self.known, body: Self.body, at: Self.now)
        #expect(webhook.identifier == "msg_p5jXN8AQM9LWM0D4loKWxJek")
    }

    @Test func anyOtherByteAnywhereIsRefused() {
        for index in Self.body.indices {
            var body = Self.body
            body[index] ^= 1
            Self.expectRefusal(Self.known, body)
        }
        Self.expectRefusal(Self.known, Self.body + [0x20])
        Self.expectRefusal(Self.known, [])
        for index in Self.known.indices {
            for position in 0..<Self.known[index].value.utf8.count {
                var headers = Self.known
                var bytes = Array(headers[index].value.utf8)
                // The last letters of base64 have bits that mean nothing: those are not the signature.
                guard index != 2 || position < bytes.count - 2 else { continue }
                bytes[position] ^= 1
                headers[index].value = String(decoding: bytes, as: UTF8.self)
                #expect(throws: GatewayError.self) {
                    try Self.verifier.verify(headers, body: Self.body, at: Self.now)
                }
            }
        }
    }

    @Test func aSignatureIsNeverCutOrExtended() {
        let signature = Self.known[2].value
        for count in 0..<signature.utf8.count {
            Self.expectRefusal(Self.signed(String(signature.prefix(count))))
        }
        for text in [
            signature + "AA==", "v1," + signature, "v2" + signature.dropFirst(2), "v1a" + signature.dropFirst(2),
        ] {
            Self.expectRefusal(Self.signed(text))
        }
    }

    @Test func oneOfSeveralSignaturesIsEnoughAndOtherVersionsArePassedOver() throws {
        let other = "v1," + Data(repeating: 7, count: 32).base64EncodedString()
        let signature = Self.known[2].value
        let many = Array(repeating: other, count: GatewayLimits.signatureCount - 1) + [signature]
        for text in ["\(other) \(signature)", "v1a,xyz \(signature) \(other)", many.joined(separator: " ")] {
            #expect(throws: Never.self) { try Self.verifier.verify(Self.signed(text), body: Self.body, at: Self.now) }
        }
        Self.expectRefusal(Self.signed((many + [other]).joined(separator: " ")))
        Self.expectRefusal(Self.signed(other))
    }

    @Test func duringARotationBothSecretsAreAccepted() throws {
        let next = WebhookSecret("whsec_" + Data(repeating: 9, count: 32).base64EncodedString())!
        for secrets in [[WebhookSecret(Self.text)!, next], [next, WebhookSecret(Self.text)!]] {
            let verifier = WebhookVerifier(.standard, secrets: secrets)
            #expect(throws: Never.self) { try verifier.verify(Self.known, body: Self.body, at: Self.now) }
        }
        Self.expectRefusal(Self.known, by: WebhookVerifier(.standard, secrets: [next]))
        Self.expectRefusal(Self.known, by: WebhookVerifier(.standard, secrets: []))
        let third = WebhookVerifier(.standard, secrets: [next, next, WebhookSecret(Self.text)!])
        Self.expectRefusal(Self.known, by: third)
    }

    @Test(arguments: [-300_001, -300_000, 0, 300_000, 300_001] as [Int64])
    func aTimestampIsAcceptedFor300SecondsEitherWay(_ distance: Int64) {
        let now = Self.now.advanced(byMilliseconds: distance)
        let error = (try? Self.verifier.verify(Self.known, body: Self.body, at: now)) == nil
        #expect(error == (abs(distance) > 300_000))
        if error {
            let thrown = #expect(throws: GatewayError.self) {
                try Self.verifier.verify(Self.known, body: Self.body, at: now)
            }
            #expect(thrown?.code == .timestampOutOfRange)
        }
    }

    @Test(arguments: ["", "x", "-1", "+1", "1.5", "99999999999999999999", "9223372036854775807", "1614265330 "])
    func aTimestampThatIsNoNumberOfSecondsIsRefused(_ text: String) {
        var headers = Self.known
        headers[1].value = text
        Self.expectRefusal(headers)
    }

    @Test func headersThatAreMissingOrThereTwiceAreRefused() {
        for index in Self.known.indices {
            Self.expectRefusal(Self.known.enumerated().filter { $0.offset != index }.map(\.element))
            Self.expectRefusal(Self.known + [Self.known[index]])
        }
        var headers = Self.known
        for identifier in ["", String(repeating: "a", count: 257), "a\u{0}"] {
            headers[0].value = identifier
            Self.expectRefusal(headers)
        }
    }

    @Test func gitHubsOwnExampleIsAccepted() throws {
        let secret = WebhookSecret(plain: "It's a Secret to Everybody")!
        let verifier = WebhookVerifier(.github, secrets: [secret])
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        let headers = [HeaderField("X-Hub-Signature-256", signature), HeaderField("X-GitHub-Delivery", "d1")]
        let body = Array("Hello, World!".utf8)
        #expect(try verifier.verify(headers, body: body, at: Self.now).identifier == "d1")
        Self.expectRefusal(headers, Array("Hello, World?".utf8), by: verifier)
        for text in [
            "", "sha256=", "sha1=757107ea", String(signature.dropLast()), String(signature.dropLast(2)),
            signature + "00",
        ] {
            Self.expectRefusal([HeaderField("x-hub-signature-256", text)], body, by: verifier)
        }
        Self.expectRefusal([], body, by: verifier)
    }

    @Test func gitLabsTokenIsComparedAsAWhole() {
        let token = "0123456789abcdef-token"
        let verifier = WebhookVerifier(.gitlab, secrets: [WebhookSecret(plain: token)!])
        let webhook = try? verifier.verify(
            [HeaderField("x-gitlab-token", token), HeaderField("x-gitlab-event-uuid", "u")], body: [], at: Self.now)
        #expect(webhook?.identifier == "u")
        for text in ["", String(token.dropLast()), token + "x", token.uppercased()] {
            Self.expectRefusal([HeaderField("x-gitlab-token", text)], by: verifier)
        }
    }

    @Test func aSecretHasTheLengthThatTheStandardAsksForAndIsNeverPrinted() {
        for (count, isTaken) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
            let text = Data(repeating: 1, count: count).base64EncodedString()
            #expect((WebhookSecret("whsec_" + text) != nil) == isTaken)
            #expect((WebhookSecret(text) != nil) == isTaken)
        }
        #expect(WebhookSecret("whsec_not base64 at all !!!!!!!!!!!!!!!!!!!!") == nil)
        #expect(WebhookSecret(plain: "short") == nil)
        var dumped = ""
        dump(Self.verifier, to: &dumped)
        #expect(!dumped.contains("MfKQ") && !"\(Self.verifier)".contains("MfKQ"))
    }

    private static func signed(_ signature: String) -> [HeaderField] {
        [known[0], known[1], HeaderField("webhook-signature", signature)]
    }

    private static func expectRefusal(
        _ headers: [HeaderField], _ body: [UInt8] = body, by verifier: WebhookVerifier = verifier,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: GatewayError.self, sourceLocation: sourceLocation) {
            try verifier.verify(headers, body: body, at: now)
        }
        #expect(error?.code == .invalidSignature, sourceLocation: sourceLocation)
    }
}
