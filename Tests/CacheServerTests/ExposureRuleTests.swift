import CacheModel
import CacheServer
import Testing

/// What it takes to listen where other machines can reach the service.
@Suite struct ExposureRuleTests {
    private static let local = ["127.0.0.1:7707", "127.9.9.9:1", "[::1]:7707", "localhost:0", "unix:/tmp/s"]
    private static let open = [
        "0.0.0.0:7707", "[::]:7707", "10.1.2.3:7707", "192.168.1.4:0", "[fe80::1]:7707", "[2001:db8::1]:1",
        "[::ffff:10.0.0.1]:1", "126.255.255.255:1", "128.0.0.1:1",
    ]

    private static let rules = [false, true].flatMap { hasTokens in
        [false, true].flatMap { hasTLS in
            [false, true].map { ExposureRule(hasTokens: hasTokens, hasTLS: hasTLS, allowsPlaintext: $0) }
        }
    }

    private func error(_ rule: ExposureRule, _ text: String) throws -> CacheError? {
        do throws(CacheError) {
            try rule.check([.standard, try ListenAddress(parsing: text)])
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: local, rules) func whatOthersCannotReachNeedsNothing(_ text: String, _ rule: ExposureRule) throws {
        #expect(try error(rule, text) == nil)
        try rule.checkMetrics(try ListenAddress(parsing: text))
    }

    @Test(arguments: open, rules) func whatOthersCanReachNeedsTokensAndEncryption(_ text: String, _ rule: ExposureRule)
        throws
    {
        let error = try error(rule, text)
        let isEncrypted = rule.hasTLS || rule.allowsPlaintext
        #expect((error == nil) == (rule.hasTokens && isEncrypted))
        guard let error else { return }
        #expect(error.code == .invalidConfiguration)
        #expect(error.detail["address"] == text)
        #expect(error.message.contains("semblance token create") == !rule.hasTokens)
        for option in ["--tls-certificate", "--tls-key", "--insecure-plaintext"] {
            #expect(error.message.contains(option) == !isEncrypted)
        }
    }

    @Test(arguments: open, rules) func metricsNeedNoToken(_ text: String, _ rule: ExposureRule) throws {
        let address = try ListenAddress(parsing: text)
        if rule.hasTLS || rule.allowsPlaintext {
            try rule.checkMetrics(address)
        } else {
            let error = try #require(throws: CacheError.self) { try rule.checkMetrics(address) }
            #expect(!error.message.contains("token"))
        }
    }

    @Test func aServerIsNotMadeAgainstTheRule() throws {
        var configuration = ServerConfiguration(listenAddresses: [.network(host: "0.0.0.0", port: 0)])
        configuration.allowsPlaintext = true
        #expect(throws: CacheError.self) { try configuration.validate() }
        configuration.listenAddresses = [.standard]
        try configuration.validate()
    }
}
