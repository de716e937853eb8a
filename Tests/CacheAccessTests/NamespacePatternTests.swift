import CacheAccess
import CacheModel
import Testing

@Suite struct NamespacePatternTests {
    @Test(arguments: [
        ("support", ["support"], ["supports", "suppor", "Support", "support ", "", "*"]),
        ("app-*", ["app-", "app-1", "app-*", "app-é"], ["app", "App-1", "my-app-1", ""]),
        ("*", ["", "a", "*", "ünï"], []),
        ("a**", ["a*", "a*b"], ["a", "ab"]),
        // Composed and decomposed letters look alike and are different names.
        ("caf\u{e9}", ["caf\u{e9}"], ["cafe\u{301}"]),
        ("caf\u{e9}*", ["caf\u{e9}s"], ["cafe\u{301}s"]),
    ])
    func aPatternMatchesBytesAndNothingElse(_ text: String, _ those: [String], _ others: [String]) throws {
        let pattern = try NamespacePattern(parsing: text)
        for name in those { #expect(pattern.matches(name), "\(text) is for \(name)") }
        for name in others { #expect(!pattern.matches(name), "\(text) is not for \(name)") }
        #expect(pattern.text == text)
    }

    private static let tooLong = String(repeating: "n", count: Limits.namespaceBytes + 1)

    @Test(arguments: ["", "*a", "a*b", "a*b*", tooLong, tooLong + "*"])
    func whatMeansNothingIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try NamespacePattern(parsing: text) }
    }

    @Test func theLongestNamesHavePatterns() throws {
        let name = String(repeating: "n", count: Limits.namespaceBytes)
        #expect(try NamespacePattern(parsing: name).matches(name))
        #expect(try NamespacePattern(parsing: name + "*").matches(name))
    }

    @Test func onlyTheStarAloneIsForEverything() throws {
        #expect(NamespacePattern.all.matchesAll)
        #expect(try NamespacePattern(parsing: "*") == .all)
        #expect(try !NamespacePattern(parsing: "a*").matchesAll)
        #expect(try !NamespacePattern(parsing: "**").matchesAll)
    }

    @Test func aGrantNamesTheMissingScopeBeforeThePlace() throws {
        let grant = AccessGrant(name: "t", scopes: [.lookup], namespaces: [try NamespacePattern(parsing: "a*")])
        #expect(grant.lack(for: AccessDemand(.lookup, .namespace("ab"))) == nil)
        #expect(grant.lack(for: AccessDemand(.lookup, .namespace("b"))) == .namespace("b"))
        let change = AccessDemand([.insert, .invalidate], .namespace("b"))
        #expect(grant.lack(for: change) == .scope([.insert, .invalidate]))
        #expect(grant.lack(for: AccessDemand(.lookup, .store)) == .store)
        #expect(grant.lack(for: .nothing) == nil)
        let error = grant.error(for: .scope([.insert, .invalidate]))
        #expect(error.code == .forbidden && error.message.contains("insert or invalidate"))
        #expect(error.detail == ["scope": "insert,invalidate"])
    }
}
