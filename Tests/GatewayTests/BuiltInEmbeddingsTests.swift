import Foundation
import Gateway
import GatewayCore
import Testing

/// `/v1/embeddings` where the encoder in the gateway answers.
@Suite struct BuiltInEmbeddingsTests {
    private static func with(
        options: [String: String] = [:], isUsable: Bool = true, _ body: (RunningGateway) async throws -> Void
    ) async throws {
        let folder = try TinyEncoderFolder(isUsable: isUsable)
        try await RunningGateway.with(
            options: ["encoder.folder": folder.path].merging(options) { $1 },
            embedder: try BuiltInEmbedder(folder: folder.path),
            script: { _, _ in UpstreamAnswers.json(UpstreamAnswers.body(.embeddings, "")) }, body)
    }

    private static func ask(
        _ gateway: RunningGateway, _ input: String, model: String = TinyEncoderFolder.name, extra: String = "",
        _ headers: [(String, String)] = []
    ) async throws -> RunningGateway.Answer {
        try await gateway.post(.embeddings, #"{"model":"\#(model)","input":\#(input)\#(extra)}"#, headers)
    }

    private static func vectors(_ answer: RunningGateway.Answer) throws -> [[Float]] {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
        let data = try #require(object["data"] as? [[String: Any]], "\(answer.text)")
        #expect(data.map { $0["index"] as? Int } == data.indices.map { $0 })
        return try data.map { item in
            if let text = item["embedding"] as? String {
                let bytes = try #require(Data(base64Encoded: text))
                return stride(from: 0, to: bytes.count, by: 4).map { start in
                    Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
                }
            }
            return try #require(item["embedding"] as? [NSNumber]).map(\.floatValue)
        }
    }

    @Test func theEncoderInTheGatewayAnswersForItsOwnModel() async throws {
        try await Self.with { gateway in
            let answer = try await Self.ask(gateway, #"["how do i reset my password ?","refund policy"]"#)
            #expect(answer.status == 200)
            #expect(answer.cache == "bypass" && answer["x-semblance-cache-reason"] == "built-in")
            #expect(answer["x-semblance-model"] == TinyEncoderFolder.name)
            let vectors = try Self.vectors(answer)
            #expect(vectors.count == 2 && vectors.allSatisfy { $0.count == TinyEncoderFolder.dimension })
            for vector in vectors { #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5) }
            #expect(vectors[0] != vectors[1])
            // Seven words and two, with two tokens around each text.
            #expect(answer.text.contains(#""usage":{"prompt_tokens":13,"total_tokens":13}"#))
            #expect(gateway.upstream.count == 0)
            #expect(try await gateway.send("GET", "/v1/models").text.contains(#""id":"tiny-encoder""#))
        }
    }

    @Test func bothEncodingsHaveTheSameBits() async throws {
        try await Self.with { gateway in
            let plain = try Self.vectors(try await Self.ask(gateway, #""refund policy""#))
            let float = try Self.vectors(
                try await Self.ask(gateway, #""refund policy""#, extra: #","encoding_format":"float""#))
            let base64 = try Self.vectors(
                try await Self.ask(gateway, #""refund policy""#, extra: #","encoding_format":"base64","dimensions":32"#))
            #expect(plain == float && float.map { $0.map(\.bitPattern) } == base64.map { $0.map(\.bitPattern) })
        }
    }

    @Test func whatIsEncodedTogetherHasTheBitsThatItHasAlone() async throws {
        try await Self.with { gateway in
            let texts = (0..<200).map { (number: Int) -> String in
                let places: Range<Int> = 0..<(1 + number % 20)
                let words: [String] = places.map { TinyEncoderFolder.words[(number + $0 * 7) % 12] }
                return words.joined(separator: " ")
            }
            let list = String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
            let together = try Self.vectors(try await Self.ask(gateway, list))
            let alone = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
                for (index, text) in texts.enumerated() {
                    group.addTask { (index, try Self.vectors(try await Self.ask(gateway, "\"\(text)\""))[0]) }
                }
                return try await group.reduce(into: [Int: [Float]]()) { $0[$1.0] = $1.1 }
            }
            for index in texts.indices { #expect(alone[index] == together[index], "\(texts[index])") }
        }
    }

    @Test(arguments: [
        ("[]", "", "input"), (#""""#, "", "input"), (#"["a",""]"#, "", "input[1]"), ("[1,2,3]", "", "input"),
        ("[[1,2],[3]]", "", "input"), (#"["a",7]"#, "", "input"), (#"["a",null]"#, "", "input[1]"),
        (#"{"a":1}"#, "", "input"), ("7", "", "input"), (#""a""#, #","encoding_format":"hex""#, "encoding_format"),
        (#""a""#, #","encoding_format":1"#, "encoding_format"), (#""a""#, #","dimensions":16"#, "dimensions"),
        (#""a""#, #","dimensions":"32""#, "dimensions"),
        ("[\"a\",\"" + String(repeating: "a ", count: 23) + "\"]", "", "input[1]"),
    ])
    func whatItCannotEncodeIsRefusedByName(_ input: String, _ extra: String, _ parameter: String) async throws {
        try await Self.with { gateway in
            let answer = try await Self.ask(gateway, input, extra: extra)
            #expect(answer.status == 400 && answer.code == "invalid_request", "\(answer.text)")
            #expect(answer.text.contains(#""param":"\#(parameter)""#), "\(answer.text)")
            #expect(gateway.upstream.count == 0)
        }
    }

    @Test func aTextOfAsManyTokensAsTheModelTakesIsEncodedWhole() async throws {
        try await Self.with { gateway in
            let answer = try await Self.ask(gateway, "\"" + String(repeating: "a ", count: 22) + "\"")
            #expect(answer.status == 200 && answer.text.contains(#""prompt_tokens":24"#), "\(answer.text)")
        }
    }

    @Test func aListHasALimit() async throws {
        try await Self.with { gateway in
            let most = Array(repeating: "a", count: GatewayLimits.embeddingCount)
            let whole = try await Self.ask(gateway, String(decoding: try JSONEncoder().encode(most), as: UTF8.self))
            #expect(try Self.vectors(whole).count == most.count)
            let list = String(decoding: try JSONEncoder().encode(most + ["a"]), as: UTF8.self)
            let refused = try await Self.ask(gateway, list)
            #expect(refused.status == 413 && refused.code == "request_too_large")
        }
    }

    @Test func aRouteMayLeadToItAndTakeItsNameAway() async throws {
        let named = ["routes": "small=built-in,tiny-encoder=fake,*=fake"]
        try await Self.with(options: named) { gateway in
            #expect(try await Self.ask(gateway, #""a""#, model: "small")["x-semblance-model"] == "tiny-encoder")
            #expect(gateway.upstream.count == 0)
            #expect(try await Self.ask(gateway, #""a""#).text == UpstreamAnswers.body(.embeddings, ""))
            #expect(try await Self.ask(gateway, #""a""#, model: "another").cache == "miss")
            #expect(gateway.upstream.count == 2)
            let chat = try await gateway.post(
                .chatCompletions, UpstreamAnswers.request(.chatCompletions, "Hello?", model: "small"))
            #expect(chat.status == 404 && chat.code == "model_not_found")
        }
    }

    @Test func whatARequestAsksBesidesIsCheckedHereToo() async throws {
        try await Self.with { gateway in
            #expect(try await Self.ask(gateway, #""a""#, [("x-semblance-ttll", "1s")]).code == "invalid_header")
            #expect(try await Self.ask(gateway, #""a""#, [("x-semblance-route", "large")]).code == "invalid_header")
            #expect(try await Self.ask(gateway, #""a""#, [("x-semblance-use-case", "x")]).code == "unknown_use_case")
            #expect(try await Self.ask(gateway, #""a""#, [("cache-control", "only-if-cached")]).code == "not_cached")
            let late = try await Self.ask(
                gateway, String(decoding: try JSONEncoder().encode(Array(repeating: "a b c", count: 2_000)), as: UTF8.self),
                [("x-semblance-deadline", "1ms")])
            #expect(late.status == 504 && late.code == "deadline_exceeded")
        }
    }

    @Test func anEncoderThatMakesNothingUsableIsUnavailable() async throws {
        try await Self.with(isUsable: false) { gateway in
            let answer = try await Self.ask(gateway, #""a""#)
            #expect(answer.status == 503 && answer.code == "embedder_unavailable" && answer["retry-after"] == "1")
        }
    }
}
