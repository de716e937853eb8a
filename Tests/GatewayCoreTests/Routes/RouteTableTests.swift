import Testing

@testable import GatewayCore

@Suite struct RouteTableTests {
    @Test func thePatternThatSaysMostDecides() throws {
        let table = try Self.table([
            "*": "a", "gpt-*": "b", "gpt-4o*": "c", "*-preview-x": "d", "gpt-4o": "e", "ft:*:support": "f",
        ])
        for (model, upstream) in [
            ("llama", "a"), ("gpt-", "b"), ("gpt-3.5", "b"), ("gpt-4o-mini", "c"), ("gpt-4o", "e"),
            ("gpt-4o-preview-x", "d"), ("ft:gpt:support", "f"), ("ft::support", "f"), ("ft:support", "a"),
        ] {
            #expect(try table.route(model, .chatCompletions).upstream.name == upstream, "\(model)")
        }
    }

    @Test func patternsOfEqualWeightThatMatchTheSameNamesAreAnError() {
        #expect(throws: RouteTable.Problem.self) { try Self.table(["ab*": "a", "*yz": "b"]) }
        #expect(throws: RouteTable.Problem.self) { try Self.table(["a*bc": "a", "ab*c": "b"]) }
        #expect(throws: Never.self) { try Self.table(["ab*": "a", "ac*": "b", "*x": "c"]) }
        #expect(throws: RouteTable.Problem.duplicate(NamePattern("x") ?? Self.any)) {
            try RouteTable(
                [
                    Route(NamePattern("x") ?? Self.any, upstream: "a"),
                    Route(NamePattern("x") ?? Self.any, upstream: "b"),
                ],
                upstreams: Self.upstreams)
        }
    }

    @Test func theUpstreamsNameOfAModelIsMadeFromTheStar() throws {
        let table = try RouteTable(
            [
                Route(try #require(NamePattern("local/*")), upstream: "a", model: "*"),
                Route(try #require(NamePattern("eu-*")), upstream: "b", model: "azure/*-eu"),
                Route(try #require(NamePattern("fast")), upstream: "c", model: "gpt-4o-mini"),
                Route(try #require(NamePattern("any-*")), upstream: "d", model: "one"),
            ], upstreams: Self.upstreams)
        for (model, expected) in [
            ("local/llama3:8b", "llama3:8b"), ("eu-gpt-4o", "azure/gpt-4o-eu"), ("fast", "gpt-4o-mini"),
            ("any-x", "one"),
        ] {
            let routed = try table.route(model, .chatCompletions)
            #expect(routed.model == expected)
            #expect(routed.reason.hasPrefix("route "))
        }
    }

    @Test func aStarThatNothingStandsForIsAnError() throws {
        for (pattern, model) in [("fast", "gpt-*"), ("a*", "**"), ("a*", "")] {
            let pattern = try #require(NamePattern(pattern))
            #expect(throws: RouteTable.Problem.model(pattern, model)) {
                try RouteTable([Route(pattern, upstream: "a", model: model)], upstreams: Self.upstreams)
            }
        }
    }

    @Test func aModelWithoutARouteIsNotFoundAndTheNearestIsSuggested() throws {
        let table = try Self.table(["gpt-4o": "a", "claude-*": "b"])
        let error = #expect(throws: GatewayError.self) { try table.route("gtp-4o", .chatCompletions) }
        #expect(error?.code == .modelNotFound && error?.parameter == "model")
        #expect(error?.message.contains("'gpt-4o'") == true)
        let long = "claude-" + String(repeating: "x", count: 300)
        #expect(throws: GatewayError.self) { try table.route(long, .chatCompletions) }
        #expect(throws: GatewayError.self) { try table.route("", .chatCompletions) }
    }

    @Test func anUpstreamIsNotAskedForWhatItHasNot() throws {
        let upstreams = UpstreamKind.allCases.map { Self.upstream($0.rawValue, $0) }
        let table = try RouteTable(
            try UpstreamKind.allCases.map {
                Route(try #require(NamePattern($0.rawValue)), upstream: $0.rawValue)
            }, upstreams: upstreams)
        for kind in UpstreamKind.allCases {
            for api in ModelAPI.allCases {
                let routed = try? table.route(kind.rawValue, api)
                #expect((routed != nil) == kind.serves(api))
            }
        }
        #expect(!UpstreamKind.openAI.serves(.messages) && !UpstreamKind.anthropic.serves(.embeddings))
    }

    @Test func namesAreComparedByteByByte() throws {
        let table = try Self.table(["caf\u{e9}": "a", "*": "b"])
        #expect(try table.route("caf\u{e9}", .chatCompletions).upstream.name == "a")
        #expect(try table.route("cafe\u{301}", .chatCompletions).upstream.name == "b")
    }

    @Test func aRouteToNowhereIsAnError() throws {
        let pattern = try #require(NamePattern("x"))
        #expect(throws: RouteTable.Problem.unknownUpstream(pattern, upstream: "z")) {
            try RouteTable([Route(pattern, upstream: "z")], upstreams: Self.upstreams)
        }
    }

    @Test func embeddingsAreMadeInTheGatewayWhereARouteSaysSoOrNoRouteHasTheEncodersName() throws {
        let table = try Self.table(["x": "built-in", "e-*": "built-in", "other": "a", "*": "b"])
        for (model, encoder, isHere) in [
            ("x", "mini", true), ("e-1", "mini", true), ("mini", "mini", true), ("other", "mini", false),
            ("other", "other", false), ("y", "mini", false), ("Mini", "mini", false), ("", "mini", false),
        ] {
            #expect(table.leadsToEncoder(model, encoder: encoder) == isHere, "\(model)")
        }
        for api in ModelAPI.allCases {
            #expect(throws: GatewayError.self) { try table.route("x", api) }
        }
        let list = ModelList(table, encoder: "mini").models
        #expect(list.map(\.identifier) == ["mini", "other", "x"] && list.map(\.owner) == ["built-in", "a", "built-in"])
        #expect(ModelList(table, encoder: "other").models.map(\.owner) == ["a", "built-in"])
        let pattern = try #require(NamePattern("x"))
        #expect(throws: RouteTable.Problem.encoderModel(pattern)) {
            try RouteTable([Route(pattern, upstream: "built-in", model: "mini")], upstreams: Self.upstreams)
        }
    }

    @Test func modelsWithNamesAreListedForBothKindsOfClients() throws {
        let list = ModelList(try Self.table(["b": "a", "a\"": "b", "x-*": "c"]))
        #expect(
            String(decoding: list.body(.openAI), as: UTF8.self)
                == #"{"object":"list","data":[{"id":"a\"","object":"model","created":0,"owned_by":"b"},"#
                + #"{"id":"b","object":"model","created":0,"owned_by":"a"}]}"#)
        let anthropic = String(decoding: list.body(.anthropic), as: UTF8.self)
        #expect(anthropic.hasSuffix(#""has_more":false,"first_id":"a\"","last_id":"b"}"#))
        #expect(list.body(of: "b") != nil && list.body(of: "x-1") == nil)
    }

    @Test func twoPatternsOverlapExactlyWhenThereIsANameForBoth() throws {
        let patterns = ["", "a", "b", "ab", "ba", "aa"].flatMap { head in
            ["", "a", "b", "ab", "ba"].flatMap { [head + "*" + $0, head + $0] }
        }
        // Any name that two of these patterns share can be shortened to six letters.
        var names = [""]
        var last = [""]
        for _ in 0..<6 {
            last = last.flatMap { [$0 + "a", $0 + "b"] }
            names += last
        }
        for one in Set(patterns).compactMap({ NamePattern($0) }) {
            for other in Set(patterns).compactMap({ NamePattern($0) }) {
                let isShared = names.contains { one.match($0) != nil && other.match($0) != nil }
                #expect(one.overlaps(other) == isShared, "\(one) \(other)")
            }
        }
    }

    private static let any = NamePattern("*")!
    private static let upstreams = "abcdef".map { upstream(String($0), .openAICompatible) }

    private static func upstream(_ name: String, _ kind: UpstreamKind) -> Upstream {
        Upstream(name: name, kind: kind, baseURL: BaseURL("https://\(name).test/v1")!, credential: .none)
    }

    private static func table(_ routes: [String: String]) throws -> RouteTable {
        try RouteTable(
            try routes.map { Route(try #require(NamePattern($0.key)), upstream: $0.value) }, upstreams: upstreams)
    }
}
