import CacheModel
import Foundation
import Testing

@testable import GatewayCore

@Suite struct GatewayErrorTests {
    @Test func theDocumentHasEveryCodeWithItsStatusAndItsType() throws {
        let rows = try GatewayDocument.rows(below: "| code | status | type | when | what to do |")
        #expect(rows.allSatisfy { $0.count == 5 && !$0[3].isEmpty && !$0[4].isEmpty })
        let documented = rows.map { row in [GatewayDocument.code(in: row[0]).joined(), row[1], row[2]] }
        let expected = GatewayError.Code.allCases.map { [$0.rawValue, String($0.status), "`\($0.type)`"] }
        #expect(Set(documented) == Set(expected))
        #expect(documented.count == expected.count)
    }

    @Test(arguments: GatewayError.Code.allCases)
    func aBodyIsWhatBothProvidersClientsRead(_ code: GatewayError.Code) throws {
        let error = GatewayError(code, "A \"quoted\"\nline", parameter: "messages[0]")
        let openAI = try Self.object(error.body(.openAI))
        let inner = try #require(openAI["error"] as? [String: Any])
        #expect(inner["message"] as? String == "A \"quoted\"\nline")
        #expect(inner["type"] as? String == code.type)
        #expect(inner["param"] as? String == "messages[0]")
        #expect(inner["code"] as? String == code.rawValue)
        #expect(error.body(.openAIResponses) == error.body(.openAI))

        let anthropic = try Self.object(error.body(.anthropic, requestIdentifier: "req_1"))
        #expect(anthropic["type"] as? String == "error")
        #expect(anthropic["request_id"] as? String == "req_1")
        let told = try #require(anthropic["error"] as? [String: Any])
        #expect(told["type"] as? String == code.anthropicType)
        #expect(told["message"] as? String == "A \"quoted\"\nline")
    }

    @Test func aParameterThatIsNotThereIsNull() throws {
        let body = try Self.object(GatewayError(.internalError, "x").body(.openAI))
        #expect((body["error"] as? [String: Any])?["param"] is NSNull)
    }

    @Test(arguments: ErrorFormat.allCases)
    func inAStreamAnErrorIsOneEventOnOneLine(_ format: ErrorFormat) throws {
        let error = GatewayError(.upstreamUnavailable, "broke\r\noff\n\ndata: x")
        let event = String(decoding: error.event(format, sequenceNumber: 7), as: UTF8.self)
        #expect(event.hasSuffix("\n\n"))
        let lines = event.dropLast(2).split(separator: "\n", omittingEmptySubsequences: false)
        let data = try #require(lines.last)
        #expect(data.hasPrefix("data: "))
        #expect(lines.count == (format == .openAI ? 1 : 2))
        let object = try Self.object(Array(data.dropFirst("data: ".count).utf8))
        switch format {
        case .openAI: #expect(object["error"] != nil)
        case .openAIResponses:
            #expect(lines[0] == "event: error")
            #expect(object["type"] as? String == "error")
            #expect(object["sequence_number"] as? Int == 7)
            #expect(object["code"] as? String == "upstream_unavailable")
            #expect(object["param"] is NSNull)
        case .anthropic:
            #expect(lines[0] == "event: error")
            #expect((object["error"] as? [String: Any])?["type"] as? String == "api_error")
        }
    }

    @Test func anthropicIsToldOnlyWhatItsClientsKnow() {
        let known: Set = [
            "invalid_request_error", "authentication_error", "not_found_error", "request_too_large", "api_error",
            "overloaded_error", "timeout_error",
        ]
        #expect(Set(GatewayError.Code.allCases.map(\.anthropicType)) == known)
    }

    @Test func aMessageIsCutBetweenCharactersAtItsLimit() throws {
        for extra in 0..<8 {
            let text = String(repeating: "a", count: extra) + String(repeating: "é𝄞", count: 2_000)
            let body = try Self.object(GatewayError(.invalidHeader, text, parameter: text).body(.openAI))
            let inner = try #require(body["error"] as? [String: Any])
            for (member, limit) in [
                ("message", GatewayLimits.errorMessageBytes), ("param", GatewayLimits.errorParameterBytes),
            ] {
                let told = try #require(inner[member] as? String)
                #expect(told.utf8.count <= limit && told.utf8.count > limit - 8)
                #expect(told.hasSuffix("…") && text.hasPrefix(told.dropLast()))
            }
        }
    }

    @Test(arguments: CacheError.Code.allCases)
    func anInvalidationThatMayNotHaveBeenMadeDurableIsToBeSentAgain(_ code: CacheError.Code) {
        let isTemporary: Set<CacheError.Code> = [
            .overloaded, .storageFull, .storageFailed, .storeLocked, .storeDamaged, .unsupportedFormat, .shuttingDown,
            .internalError, .connectionFailed, .connectionClosed, .deadlineExceeded, .fenced, .unauthenticated,
            .forbidden,
        ]
        let error = GatewayError(CacheError(code, "m"), during: .invalidation)
        #expect((error.code == .invalidationUnavailable) == isTemporary.contains(code))
        #expect((error.code.status == 503) == isTemporary.contains(code))
        #expect((error.retryAfterSeconds != nil) == isTemporary.contains(code))
    }

    @Test(arguments: [
        ("0", 1), ("1", 1), ("1000", 1), ("1001", 2), ("-5", 1), ("9223372036854775807", 3_600), ("x", 1),
    ])
    func waitingTimesAreRoundedUpAndBounded(_ milliseconds: String, _ seconds: Int) {
        let error = CacheError(.overloaded, "m", detail: ["retry-after-ms": milliseconds])
        #expect(GatewayError(error, during: .direct).retryAfterSeconds == seconds)
        #expect(GatewayError(error, during: .direct).code == .overloaded)
    }

    @Test func aCacheErrorNamesItsSourceOrItsField() {
        let error = CacheError(.labelConflict, "m", detail: ["source": "kb/faq", "current": "a"])
        #expect(GatewayError(error, during: .invalidation).parameter == "kb/faq")
        #expect(GatewayError(error, during: .invalidation).code == .conflict)
    }

    private static func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }
}
