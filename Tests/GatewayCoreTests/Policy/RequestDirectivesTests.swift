import CacheModel
import Testing

@testable import GatewayCore

@Suite struct RequestDirectivesTests {
    @Test func everyDirectiveIsReadFromItsHeader() throws {
        let directives = try Self.read([
            ("X-Semblance-Threshold", " 0.95 "), ("x-semblance-namespace", "support"), ("x-semblance-tags", "a, b,a"),
            ("x-semblance-depends-on", "kb/refunds@42"), ("x-semblance-lease", "00c1f3a09b2e7d44:17/11b17b9125e871a8"),
            ("x-semblance-ttl", "90s"), ("x-semblance-use-case", "faq"), ("x-semblance-user", "anna"),
            ("x-semblance-route", "small"), ("x-semblance-deadline", "2h"), ("x-semblance-trim", "off"),
            ("Cache-Control", "no-cache"), ("content-type", "application/json"),
        ])
        #expect(directives.threshold == 0.95)
        #expect(directives.namespace == "support")
        #expect(directives.tags == ["a", "b"])
        #expect(directives.dependencies == [Dependency("kb/refunds", .ordered(42))])
        #expect(directives.lease?.position.sequence == 17)
        #expect(directives.timeToLiveMilliseconds == 90_000)
        #expect(directives.useCase == "faq")
        #expect(directives.user == "anna")
        #expect(directives.route == .small)
        #expect(directives.deadlineMilliseconds == 7_200_000)
        #expect(directives.isTrimmed == false)
        #expect(directives.cacheControl.noCache)
    }

    @Test func theTableOfTheDocumentHasEveryDirective() throws {
        let rows = try GatewayDocument.rows(below: "| header | value | |")
        #expect(
            rows.flatMap { GatewayDocument.code(in: $0[0]) }.sorted() == DirectiveName.allCases.map(\.header).sorted())
    }

    @Test(arguments: DirectiveName.allCases)
    func metadataHasTheSameKeysAndAHeaderGoesBefore(_ directive: DirectiveName) throws {
        let (one, other) = Self.values(directive)
        for prefix in ["semblance-", "x-semblance-", "Semblance-"] {
            let fromMetadata = try RequestDirectives(headers: [], metadata: [prefix + directive.rawValue: one])
            #expect(try fromMetadata == Self.read([(directive.header, one)]))
            let both = try RequestDirectives(
                headers: [HeaderField(directive.header, other)], metadata: [prefix + directive.rawValue: one])
            #expect(try both == Self.read([(directive.header, other)]))
            #expect(both != fromMetadata)
        }
    }

    @Test func whatIsNotKnownIsNamedAndTheNearestIsSuggested() {
        Self.expectRefusal([("x-semblance-treshold", "0.9")], "x-semblance-treshold", "x-semblance-threshold")
        Self.expectRefusal([("x-semblance-", "0.9")], "x-semblance-", "there are")
        Self.expectRefusal([("x-semblance-cache", "hit")], "x-semblance-cache", "")
        Self.expectRefusal([], metadata: ["semblance-user-case": "x"], "metadata.semblance-user-case", "use-case")
        // A key of somebody else is nobody's mistake.
        #expect(throws: Never.self) { try RequestDirectives(headers: [], metadata: ["topic": "x", "semblance": "x"]) }
    }

    @Test(arguments: [
        ("threshold", "1.01"), ("threshold", "-0.5"), ("threshold", "nan"), ("threshold", "0x1p-1"),
        ("threshold", "1e-1"),
        ("threshold", ""), ("threshold", "."), ("threshold", "0,95"), ("threshold", "+0.9"), ("threshold", "inf"),
        ("namespace", ""), ("namespace", "a\u{0}b"), ("namespace", String(repeating: "n", count: 129)),
        ("tags", "%zz"), ("tags", "%ff"), ("tags", String(repeating: "t", count: 129)),
        ("depends-on", "@42"), ("depends-on", "kb@"), ("depends-on", "kb@-1"),
        ("depends-on", "kb@18446744073709551616"),
        ("depends-on", "kb#"), ("depends-on", "kb@1~"), ("depends-on", "kb@1~17"), ("depends-on", "kb@1, kb@2"),
        ("depends-on", "kb%2"), ("depends-on", "kb%"), ("depends-on", "kb%80"), ("depends-on", "kb@a1b2"),
        ("lease", "17"), ("lease", ""), ("ttl", "90"), ("ttl", "0s"), ("ttl", "-1s"), ("ttl", "1y"),
        ("ttl", "99999999999999999999d"), ("ttl", "s"), ("use-case", ""), ("user", ""), ("user", "a\nb"),
        ("user", String(repeating: "u", count: 257)), ("route", "huge"), ("route", "Small"), ("deadline", "soon"),
        ("trim", "false"), ("wait", "yes"),
    ])
    func aValueThatCannotBeReadIsRefusedByName(_ name: String, _ value: String) {
        Self.expectRefusal([("x-semblance-" + name, value)], "x-semblance-" + name, "")
        Self.expectRefusal([], metadata: ["semblance-" + name: value], "metadata.semblance-" + name, "")
    }

    @Test func aHeaderIsReadOnceUnlessItIsAList() throws {
        Self.expectRefusal([("x-semblance-ttl", "1h"), ("x-semblance-ttl", "1h")], "x-semblance-ttl", "2 times")
        let directives = try Self.read([("x-semblance-tags", "a"), ("x-semblance-tags", "b"), ("x-semblance-tags", "")])
        #expect(directives.tags == ["a", "b"])
    }

    @Test func countsAndLengthsAreBounded() throws {
        let tags = (0..<GatewayLimits.tagCount).map { "t\($0)" }
        #expect(try Self.read([("x-semblance-tags", tags.joined(separator: ","))]).tags == tags)
        Self.expectRefusal([("x-semblance-tags", (tags + ["x"]).joined(separator: ","))], "x-semblance-tags", "16")
        let sources = (0..<GatewayLimits.dependencyCount).map { "s\($0)@1" }
        #expect(try Self.read([("x-semblance-depends-on", sources.joined(separator: ","))]).dependencies.count == 64)
        Self.expectRefusal(
            [("x-semblance-depends-on", (sources + ["x@1"]).joined(separator: ","))], "x-semblance-depends-on", "64")
        let long = String(repeating: ",", count: GatewayLimits.directiveBytes + 1)
        Self.expectRefusal([("x-semblance-tags", long)], "x-semblance-tags", "longer")
    }

    @Test func hostileBytesAreReadOrRefusedButNeverTrap() {
        var generator = SeededGenerator(seed: 11)
        let alphabet = Array("@#%,~:/= \t09afAF.-\u{e9}\u{301}\u{0}s\"".unicodeScalars)
        for _ in 0..<4_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...24, using: &generator) {
                text.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            for directive in DirectiveName.allCases {
                _ = try? Self.read([(directive.header, String(text))])
            }
            _ = try? Self.read([("cache-control", String(text))])
        }
    }

    private static func read(_ headers: [(String, String)]) throws(GatewayError) -> RequestDirectives {
        try RequestDirectives(headers: headers.map { HeaderField($0.0, $0.1) })
    }

    private static func expectRefusal(
        _ headers: [(String, String)], metadata: [String: String] = [:], _ parameter: String, _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: GatewayError.self, sourceLocation: sourceLocation) {
            try RequestDirectives(headers: headers.map { HeaderField($0.0, $0.1) }, metadata: metadata)
        }
        #expect(error?.code == .invalidHeader, sourceLocation: sourceLocation)
        #expect(error?.parameter == parameter, sourceLocation: sourceLocation)
        #expect(error?.message.hasPrefix(parameter) == true, sourceLocation: sourceLocation)
        #expect(words.isEmpty || error?.message.contains(words) == true, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("x-semblance-route", "auto", true), ("x-semblance-route", "small", false),
        ("x-semblance-route", "large", false), ("x-semblance-trim", "off", true), ("x-semblance-trim", "on", false),
    ])
    func whatThereIsNotIsRefusedByName(_ header: String, _ value: String, _ isThere: Bool) throws {
        let directives = try Self.read([(header, value)])
        guard !isThere else { return try directives.refuseWhatIsNotThere() }
        let error = #expect(throws: GatewayError.self) { try directives.refuseWhatIsNotThere() }
        #expect(error?.code == .invalidHeader && error?.parameter == header)
    }

    private static func values(_ directive: DirectiveName) -> (String, String) {
        switch directive {
        case .threshold: ("0.9", "0.5")
        case .namespace, .useCase, .user: ("one", "two")
        case .tags: ("a,b", "c")
        case .dependsOn: ("kb/refunds@42", "kb/faq#a1")
        case .lease: ("00c1f3a09b2e7d44:17/11b17b9125e871a8", "00c1f3a09b2e7d44:18/11b17b9125e871a8")
        case .ttl, .deadline: ("1h", "5s")
        case .route: ("small", "large")
        case .trim: ("on", "off")
        case .wait: ("stored", "answer")
        }
    }
}
