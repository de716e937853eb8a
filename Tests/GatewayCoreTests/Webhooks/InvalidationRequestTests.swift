import CacheModel
import Testing

@testable import GatewayCore

@Suite struct InvalidationRequestTests {
    @Test func oneAnArrayOrAnObjectOfThemAreRead() throws {
        let refunds = InvalidationRequest(Invalidation(source: "kb/refunds", change: .version(42)))
        #expect(try Self.read(#"{"source": "kb/refunds", "version": 42}"#) == [refunds])
        #expect(try Self.read(#"[{"source": "kb/refunds", "version": "42"}]"#) == [refunds])
        #expect(try Self.read("[]") == [])
        var inNamespace = refunds
        inNamespace.namespace = "support"
        var elsewhere = refunds
        elsewhere.namespace = "x"
        #expect(
            try Self.read(
                #"""
                {"namespace": "support", "invalidations": [{"source": "kb/refunds", "version": 42},
                {"source": "kb/refunds", "version": 42, "namespace": "x"}]}
                """#) == [inNamespace, elsewhere])
    }

    @Test func everyKindOfNewsIsRead() throws {
        let position = try #require(Position("00c1f3a09b2e7d44:17"))
        let cases: [(String, Invalidation)] = [
            (#""version":18446744073709551615"#, Invalidation(source: "s", change: .version(.max))),
            (
                #""version":1,"generation":"00c1f3a09b2e7d44:17""#,
                Invalidation(source: "s", change: .version(1, generation: position))
            ),
            (#""label":"b","previous":"a""#, Invalidation(source: "s", change: .label("b", replacing: .label("a")))),
            (
                #""label":"b","position":"00c1f3a09b2e7d44:17""#,
                Invalidation(source: "s", change: .label("b", replacing: .position(position)))
            ),
            (#""label":"b","version":null"#, Invalidation(source: "s", change: .label("b"))),
            (#""bump":true"#, Invalidation(source: "s", change: .bump)),
            (#""reset":40"#, Invalidation(source: "s", change: .reset(version: 40))),
            (#""bump":true,"incarnation":"ff""#, Invalidation(source: "s", change: .bump, incarnation: 255)),
        ]
        for (text, expected) in cases {
            #expect(try Self.read(#"{"source":"s",\#(text)}"#).map(\.invalidation) == [expected])
        }
    }

    @Test(arguments: [
        (#"{"source":"s"}"#, "invalidations[1]"), (#"{"source":"s","version":1,"label":"a"}"#, "invalidations[1]"),
        (#"{"version":1}"#, "invalidations[1].source"), (#"{"source":"","version":1}"#, "invalidations[1].source"),
        (#"{"source":7,"version":1}"#, "invalidations[1].source"), (#"7"#, "invalidations[1]"),
        ("null", "invalidations[1]"),
        (#"{"source":"s","version":-1}"#, "invalidations[1].version"),
        (#"{"source":"s","version":1.5}"#, "invalidations[1].version"),
        (#"{"source":"s","version":1e3}"#, "invalidations[1].version"),
        (#"{"source":"s","version":18446744073709551616}"#, "invalidations[1].version"),
        (#"{"source":"s","version":"v1"}"#, "invalidations[1].version"),
        (#"{"source":"s","version":true}"#, "invalidations[1].version"),
        (#"{"source":"s","bump":false}"#, "invalidations[1].bump"),
        (#"{"source":"s","bump":1}"#, "invalidations[1].bump"),
        (#"{"source":"s","label":""}"#, "invalidations[1].label"),
        (#"{"source":"s","version":1,"previous":"a"}"#, "invalidations[1].previous"),
        (#"{"source":"s","label":"a","generation":"0:1"}"#, "invalidations[1].generation"),
        (#"{"source":"s","label":"a","previous":"b","position":"0:1"}"#, "invalidations[1].position"),
        (#"{"source":"s","label":"a","position":"x"}"#, "invalidations[1].position"),
        (#"{"source":"s","version":1,"generation":"x"}"#, "invalidations[1].generation"),
        (#"{"source":"s","version":1,"incarnation":"xyz"}"#, "invalidations[1].incarnation"),
        (#"{"source":"s","version":1,"namespace":""}"#, "invalidations[1].namespace"),
        (#"{"source":"s","verison":1}"#, "invalidations[1].verison"),
    ])
    func oneThatIsWrongRefusesAllAndIsNamed(_ element: String, _ parameter: String) {
        let error = #expect(throws: GatewayError.self) {
            try Self.read(#"{"invalidations":[{"source":"a","version":1},\#(element)]}"#)
        }
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == parameter)
        #expect(error?.message.contains(parameter) == true)
    }

    @Test func lengthsAndCountsAreBounded() throws {
        let long = String(repeating: "s", count: Limits.sourceBytes)
        #expect(try Self.read(#"{"source":"\#(long)","version":1}"#).count == 1)
        #expect(throws: GatewayError.self) { try Self.read(#"{"source":"\#(long)s","version":1}"#) }
        let label = String(repeating: "l", count: Limits.labelBytes)
        #expect(try Self.read(#"{"source":"s","label":"\#(label)"}"#).count == 1)
        #expect(throws: GatewayError.self) { try Self.read(#"{"source":"s","label":"\#(label)l"}"#) }
        let one = #"{"source":"s","bump":true}"#
        let all = Array(repeating: one, count: GatewayLimits.invalidationCount)
        #expect(try Self.read("[\(all.joined(separator: ","))]").count == GatewayLimits.invalidationCount)
        let error = #expect(throws: GatewayError.self) { try Self.read("[\((all + [one]).joined(separator: ","))]") }
        #expect(error?.code == .requestTooLarge)
    }

    @Test(arguments: [
        "7", "\"x\"", "null", "{}", #"{"invalidations":7}"#, #"{"invalidations":null}"#,
        #"{"invalidations":[],"source":"s"}"#, #"{"invalidations":[],"namespace":7}"#,
    ])
    func aBodyOfAnotherShapeIsRefused(_ body: String) {
        let error = #expect(throws: GatewayError.self) { try Self.read(body) }
        #expect(error?.code == .invalidRequest)
    }

    private static func read(_ text: String) throws -> [InvalidationRequest] {
        try InvalidationRequest.all(JSONDocument(text).root)
    }
}
