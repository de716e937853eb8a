import CacheAccess
import CacheModel
import Foundation
import Testing

@testable import semblance

/// `semblance token`, and a service that asks for what it makes.
@Suite struct TokenCommandTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func token(_ arguments: [String], environment: [String: String] = [:]) async throws
        -> BuiltExecutable.Outcome
    {
        try await BuiltExecutable.run(
            ["token"] + arguments + ["--data", folder.file("store")], environment: environment)
    }

    private func create(_ arguments: String...) async throws -> String {
        let outcome = try await token(["create"] + arguments)
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        return outcome.output.trimmingCharacters(in: .newlines)
    }

    @Test func aSecretStandsAloneOnStandardOutputAndNowhereElse() async throws {
        let outcome = try await token([
            "create", "app", "--scope", "lookup,insert", "--namespace", "app-*", "--namespace", "shared",
            "--expires", "90d",
        ])
        #expect(outcome.output.wholeMatch(of: /smbl_[a-z2-7]{40}\n/) != nil)
        let secret = outcome.output.dropFirst(5).prefix(32)
        #expect(outcome.error.contains("token app: lookup,insert in app-* shared, until 2"))
        #expect(outcome.error.contains("the first one"))
        #expect(!outcome.error.contains(secret))
        #expect(!(try folder.text("store/tokens.json")).contains(secret))
        let list = try await token(["list"])
        #expect(list.output.contains("app-* shared") && list.output.contains(outcome.output.suffix(9).prefix(8)))
        #expect(!list.output.contains(secret))
    }

    @Test func aTokenIsMadeRotatedListedAndRevoked() async throws {
        let first = try await create("app", "--scope", "lookup", "--namespace", "*")
        let outcome = try await token(["rotate", "app", "--grace", "1h", "--json"])
        let second = try #require(outcome.json["token"] as? String)
        #expect(second != first && outcome.error.isEmpty)
        let list = try await token(["list", "--json"]).json
        let record = try #require((list["tokens"] as? [[String: Any]])?.first)
        #expect(list["demandsTokens"] as? Bool == true)
        #expect(record["scopes"] as? [String] == ["lookup"] && record["namespaces"] as? [String] == ["*"])
        let secrets = try #require(record["secrets"] as? [[String: String]])
        #expect(secrets.map { $0["endsWith"] } == [String(second.suffix(8)), String(first.suffix(8))])
        #expect(secrets.map { $0["expiresAt"] == nil } == [true, false])
        #expect(try await token(["revoke", "app"]).output.contains("nobody is let in"))
        let gone = try await token(["rotate", "app"])
        #expect(gone.exitCode == 1 && gone.error.hasPrefix("error: invalid-argument: there is no token 'app'"))
    }

    @Test(arguments: [
        ["create", "a", "--scope", "read", "--namespace", "*"], ["create", "a", "--scope", "lookup"],
        ["create", "a", "--namespace", "*"], ["create", "a", "--scope", "lookup,", "--namespace", "*"],
        ["create", "a", "--scope", "lookup", "--namespace", "*a"], ["rotate", "a", "--grace", "5"],
    ])
    func wrongUsageEndsWith64(_ arguments: [String]) async throws {
        let outcome = try await token(arguments)
        #expect(outcome.exitCode == 64, "\(outcome.error)")
        #expect(!folder.exists("store/tokens.json"))
    }

    @Test func theServiceAsksForATokenAndTakesUpWhatBecomesOfIt() async throws {
        let all = try await create("all", "--scope", "lookup,insert,invalidate,admin", "--namespace", "*")
        let reader = try await create("reader", "--scope", "lookup", "--namespace", "n")
        let readerFile = try folder.write("reader.token", reader + "\n")
        let arguments = ["--data", folder.file("store"), "--map-size", "1GiB", "--metrics-listen", "off"]
        let (_, outcome) = try await BuiltExecutable.serve(arguments) { address, greeting in
            func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws
                -> BuiltExecutable.Outcome
            {
                try await BuiltExecutable.run(
                    arguments, environment: environment.merging(["SEMBLANCE_ADDRESS": address]) { first, _ in first })
            }
            #expect(greeting.contains(#/tokens +2 in /#))
            let stranger = try await run(["ping"])
            #expect(stranger.exitCode == 1 && stranger.error.hasPrefix("error: unauthenticated: "))
            #expect(stranger.error.contains("--token-file"))
            #expect(try await run(["ping"], ["SEMBLANCE_TOKEN": all]).exitCode == 0)

            let lookup = ["lookup", "--key", "1", "--token-file", readerFile]
            #expect(try await run(lookup, ["SEMBLANCE_NAMESPACE": "n"]).exitCode == 0)
            let elsewhere = try await run(lookup, ["SEMBLANCE_NAMESPACE": "m"])
            #expect(elsewhere.exitCode == 1 && elsewhere.error.contains("namespace=m"))
            let insert = ["insert", "--namespace", "n", "--key", "1", "--payload", "x"]
            let forbidden = try await run(insert, ["SEMBLANCE_TOKEN_FILE": readerFile])
            #expect(forbidden.error.hasPrefix("error: forbidden: ") && forbidden.error.contains("scope=insert"))
            #expect(try await run(insert, ["SEMBLANCE_TOKEN": all]).exitCode == 0)
            let bench = ["bench", "--mix", "0:0:0:1", "--seconds", "0.05", "--json"]
            #expect(try await run(bench, ["SEMBLANCE_TOKEN": all]).exitCode == 0)
            #expect(try await run(bench).exitCode == 1)

            // SIGHUP ends nothing.
            let process = try #require(pid_t(try folder.text("store/semblance.lock").trimmingCharacters(in: .newlines)))
            kill(process, SIGHUP)
            #expect(try await token(["revoke", "reader"]).exitCode == 0)
            let clock = ContinuousClock()
            let deadline = clock.now + .seconds(60)
            var code: Int32 = 0
            // It looks every second.
            while code == 0, clock.now < deadline {
                code = try await run(lookup, ["SEMBLANCE_NAMESPACE": "n"]).exitCode
            }
            #expect(code == 1)
            #expect(try await run(["ping"], ["SEMBLANCE_TOKEN": all]).exitCode == 0)
        }
        #expect(outcome.error.contains("tokens read again"))
        for secret in [all, reader] { #expect(!(outcome.error + outcome.output).contains(secret.prefix(37))) }
    }

    @Test func aServiceThatIsToldOfATokenFileDoesNotStartWithoutIt() async throws {
        let path = folder.file("nowhere.json")
        let outcome = try await BuiltExecutable.run(["serve", "--data", folder.file("store"), "--tokens", path])
        #expect(outcome.exitCode == 1)
        #expect(outcome.error.hasPrefix("error: invalid-configuration: there is no token file \(path)"))
    }

    @Test(arguments: [
        ["serve", "--tokens", "smbl_secret"], ["token", "list", "--tokens", "smbl_secret"],
        ["ping", "--token-file", "smbl_secret"],
    ])
    func aTokenInThePlaceOfAFileIsNotRepeated(_ arguments: [String]) async throws {
        let outcome = try await BuiltExecutable.run(arguments, in: folder.path)
        #expect(outcome.exitCode == 1 && outcome.error.hasPrefix("error: invalid-configuration: "), "\(outcome.error)")
        #expect(!outcome.error.contains("smbl_"))
    }

    @Test(arguments: ["SEMBLANCE_TOKEN", "SEMBLANCE_TOKENS"])
    func whatIsWrongInAVariableIsNotRepeated(_ variable: String) async throws {
        var generator = SeededGenerator(seed: 3)
        let text = String(AccessToken.random(using: &generator).text.dropLast())
        let outcome = try await BuiltExecutable.run(
            [variable == "SEMBLANCE_TOKEN" ? "ping" : "serve"], environment: [variable: text], in: folder.path)
        #expect(outcome.exitCode == 1 && outcome.error.contains(variable), "\(outcome.error)")
        #expect(!outcome.error.contains(text.prefix(12)))
    }
}
