import CacheAccess
import CacheModel
import Testing

@Suite struct TokenListTests {
    private static let hour: Int64 = 3_600_000
    private let start = Timestamp(milliseconds: 1_780_000_000_123)
    private var generator = SeededGenerator(seed: 11)

    private func at(_ hours: Int64) -> Timestamp { start.advanced(byMilliseconds: hours * Self.hour) }

    private func list(_ token: AccessToken, lifetimeHours: Int64? = nil) throws -> TokenList {
        var list = TokenList()
        try list.create(
            "app", scopes: [.lookup, .insert], namespaces: [.all], token: token,
            lifetimeMilliseconds: lifetimeHours.map { $0 * Self.hour }, now: start)
        return list
    }

    private func holds(_ token: AccessToken, _ list: TokenList, _ hours: Int64) -> Bool {
        if case .granted = list.answer(to: token.digest, at: at(hours)) { true } else { false }
    }

    @Test mutating func aTokenIsLetInAndNoOther() throws {
        let (token, other) = (AccessToken.random(using: &generator), AccessToken.random(using: &generator))
        let list = try list(token)
        let grant = AccessGrant(name: "app", scopes: [.lookup, .insert], namespaces: [.all])
        #expect(list.answer(to: token.digest, at: start) == .granted(grant))
        #expect(list.answer(to: other.digest, at: start) == .refused(.unknown))
        #expect(TokenList().answer(to: token.digest, at: start) == .refused(.unknown))
    }

    @Test mutating func aTokenHoldsUntilTheMomentOfItsExpiry() throws {
        let token = AccessToken.random(using: &generator)
        let list = try list(token, lifetimeHours: 10)
        #expect(list.answer(to: token.digest, at: at(10)) == .refused(.expired))
        #expect(list.answer(to: token.digest, at: at(10).advanced(byMilliseconds: -1)) != .refused(.expired))
        #expect(list.nextExpiry(after: start) == at(10))
        #expect(list.nextExpiry(after: at(10)) == nil)
    }

    @Test mutating func bothSecretsHoldDuringTheGraceAndThenOnlyTheNewOne() throws {
        let (old, new) = (AccessToken.random(using: &generator), AccessToken.random(using: &generator))
        var list = try list(old)
        try list.rotate("app", token: new, graceMilliseconds: 24 * Self.hour, now: at(5))
        #expect(holds(old, list, 5) && holds(new, list, 5))
        #expect(holds(old, list, 28) && holds(new, list, 28))
        #expect(!holds(old, list, 29) && holds(new, list, 29))
    }

    @Test mutating func aGraceMakesNoSecretLiveLonger() throws {
        let (old, new) = (AccessToken.random(using: &generator), AccessToken.random(using: &generator))
        var list = try list(old, lifetimeHours: 6)
        try list.rotate("app", token: new, graceMilliseconds: 24 * Self.hour, now: at(5))
        #expect(holds(old, list, 5) && !holds(old, list, 6))
        // The new one lives as long as the old one was made for, from now.
        #expect(holds(new, list, 10) && !holds(new, list, 11))
    }

    @Test mutating func withoutGraceTheOldSecretIsGoneAtOnce() throws {
        let tokens = (0..<3).map { _ in AccessToken.random(using: &generator) }
        var list = try list(tokens[0])
        try list.rotate("app", token: tokens[1], graceMilliseconds: 0, now: at(1))
        #expect(!holds(tokens[0], list, 1) && holds(tokens[1], list, 1))
        #expect(list.records.first?.secrets.count == 1)
        try list.rotate(
            "app", token: tokens[2], graceMilliseconds: 0, lifetimeMilliseconds: 2 * Self.hour, now: at(2))
        #expect(holds(tokens[2], list, 3) && !holds(tokens[2], list, 4))
    }

    @Test mutating func rotatingTooOftenWithinAGraceIsRefusedAndChangesNothing() throws {
        var list = try list(AccessToken.random(using: &generator))
        for _ in 1..<Limits.tokenSecretCount {
            try list.rotate(
                "app", token: AccessToken.random(using: &generator), graceMilliseconds: Self.hour, now: start)
        }
        let before = list
        let token = AccessToken.random(using: &generator)
        let error = #expect(throws: CacheError.self) {
            try list.rotate("app", token: token, graceMilliseconds: Self.hour, now: start)
        }
        #expect(error?.code == .limitExceeded && list == before)
        // When the grace is over there is room again.
        try list.rotate("app", token: token, graceMilliseconds: Self.hour, now: at(1))
        #expect(list.records.first?.secrets.count == 2)
    }

    @Test mutating func aRevokedTokenIsUnknown() throws {
        let token = AccessToken.random(using: &generator)
        var list = try list(token)
        try list.revoke("app")
        #expect(list.answer(to: token.digest, at: start) == .refused(.unknown))
        #expect(throws: CacheError.self) { try list.revoke("app") }
        #expect(throws: CacheError.self) { try list.rotate("app", token: token, graceMilliseconds: 0, now: start) }
    }

    @Test(arguments: ["", "a b", "ä", "a/b", "a\n", String(repeating: "n", count: 65)])
    mutating func aNameThatWouldConfuseAListIsRefused(_ name: String) throws {
        var list = TokenList()
        let token = AccessToken.random(using: &generator)
        #expect(throws: CacheError.self) {
            try list.create(
                name, scopes: .all, namespaces: [.all], token: token, lifetimeMilliseconds: nil, now: start)
        }
        #expect(list == TokenList())
    }

    @Test mutating func aNameIsTakenOnce() throws {
        let token = AccessToken.random(using: &generator)
        var list = try list(token)
        let before = list
        let other = AccessToken.random(using: &generator)
        #expect(throws: CacheError.self) {
            try list.create(
                "app", scopes: .all, namespaces: [.all], token: other, lifetimeMilliseconds: nil, now: start)
        }
        #expect(throws: CacheError.self) {
            try list.create("b", scopes: [], namespaces: [.all], token: other, lifetimeMilliseconds: nil, now: start)
        }
        #expect(throws: CacheError.self) {
            try list.create("b", scopes: .all, namespaces: [], token: other, lifetimeMilliseconds: nil, now: start)
        }
        #expect(list == before)
    }

    // MARK: JSON

    @Test mutating func aListIsReadBackAsItWas() throws {
        let (old, new) = (AccessToken.random(using: &generator), AccessToken.random(using: &generator))
        var list = try list(old, lifetimeHours: 100)
        try list.rotate("app", token: new, graceMilliseconds: Self.hour, now: at(5))
        try list.create(
            "ops", scopes: .admin,
            namespaces: [try NamespacePattern(parsing: "a"), try NamespacePattern(parsing: "b*")],
            token: AccessToken.random(using: &generator), lifetimeMilliseconds: nil, now: at(6))
        #expect(try TokenList(json: try list.json()) == list)
        #expect(try TokenList(json: try TokenList().json()) == TokenList())
    }

    @Test mutating func nothingOfASecretIsInTheJSON() throws {
        let (old, new) = (AccessToken.random(using: &generator), AccessToken.random(using: &generator))
        var list = try list(old)
        try list.rotate("app", token: new, graceMilliseconds: Self.hour, now: start)
        let text = String(decoding: try list.json(), as: UTF8.self)
        for token in [old, new] {
            #expect(text.contains(token.digest.hexadecimal))
            let secret = token.text.dropFirst(5).prefix(32)
            // Nor any part of it.
            for start in secret.indices.dropLast(7) { #expect(!text.contains(secret[start...].prefix(8))) }
        }
    }

    private static let nonsense = [
        ("", "JSON"), ("[]", "type"), ("{}", "version"), (#"{"version": 1}"#, "tokens"),
        (#"{"version": 2, "tokens": "of another form"}"#, "version 2"),
        (#"{"version": 1, "tokens": [], "more": 1}"#, "more"),
        (#"{"version": 1, "tokens": [{"name": "a"}]}"#, "scopes"),
        (file(secrets: ""), "secrets"), (file(scope: "read", secrets: ""), "scope"),
        (file(secrets: #"{"sha256": "smbl_secret", "createdAt": "2026-01-01T00:00:00Z"}"#), "sha256"),
        (file(secrets: #"{"sha256": "\#(digest)", "createdAt": "today"}"#), "createdAt"),
        (file(secrets: secret + #", "expireAt": "2026-01-01T00:00:00Z"}"#), "expireAt"),
        (file(secrets: secret + #", "expiresAt": "soon"}"#), "expiresAt"),
        (file(secrets: secret + "}, " + secret + "}"), "twice"),
    ]
    private static let digest = String(repeating: "0f", count: 32)
    private static let secret = #"{"sha256": "\#(digest)", "createdAt": "2026-01-01T00:00:00Z""#

    private static func file(scope: String = "lookup", secrets: String) -> String {
        #"{"version": 1, "tokens": [{"name": "a", "scopes": ["\#(scope)"], "namespaces": ["*"], "#
            + #""secrets": [\#(secrets)]}]}"#
    }

    @Test(arguments: nonsense)
    func aFileThatSaysNothingSensibleIsRefusedWithTheReason(_ text: String, _ reason: String) {
        let error = #expect(throws: CacheError.self) { try TokenList(json: Array(text.utf8)) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.description.contains("smbl_") == false)
    }

    @Test func timesAreReadWithAndWithoutPartsOfASecond() {
        #expect(TimestampText.parse("1970-01-01T00:00:01Z") == Timestamp(milliseconds: 1_000))
        #expect(TimestampText.parse("1970-01-01T00:00:01.250Z") == Timestamp(milliseconds: 1_250))
        #expect(TimestampText.text(Timestamp(milliseconds: 1_250)) == "1970-01-01T00:00:01.250Z")
        #expect(TimestampText.parse("1970-01-01T00:00:01.5Z") == Timestamp(milliseconds: 1_500))
        #expect(TimestampText.parse("1970-01-01T00:00:01.123456789Z") == Timestamp(milliseconds: 1_123))
        for text in ["tomorrow", "", ".", "1970-01-01", "1970-01-01T00:00:01.Z", "1970-01-01T00:00:01.5"] {
            #expect(TimestampText.parse(text) == nil)
        }
        for milliseconds: Int64 in [0, 1, 999, 1_780_000_000_123, Limits.latestTimestampMilliseconds] {
            let time = Timestamp(milliseconds: milliseconds)
            #expect(TimestampText.parse(TimestampText.text(time)) == time)
        }
    }
}
