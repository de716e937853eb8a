import CacheModel
import Testing

@testable import GatewayCore

@Suite struct GatewayConfigurationTests {
    @Test func nothingNeedsToBeConfigured() throws {
        let configuration = try Self.read([], environment: ["OPENAI_API_KEY": "sk-1", "PATH": "/bin"])
        #expect(configuration.listen == .network(host: "127.0.0.1", port: 8077))
        #expect(configuration.cache.address == .network(host: "127.0.0.1", port: 7707))
        #expect(configuration.cache.namespace == "default" && configuration.cache.allowedNamespaces == nil)
        #expect(configuration.encoder == .none)
        let openAI = try configuration.routes.route("gpt-4o", .chatCompletions).upstream
        #expect(openAI.credential == .key(Secret("sk-1")!))
        #expect(openAI.address(of: .chatCompletions) == "https://api.openai.com/v1/chat/completions")
        let anthropic = try configuration.routes.route("claude-sonnet-4", .messages).upstream
        #expect(anthropic.credential == .none)
        #expect(anthropic.address(of: .messages) == "https://api.anthropic.com/v1/messages")
        #expect(configuration.useCases == [UseCase(name: "default")])
        #expect(Set(configuration.webhooks.mappings.keys) == Set(WebhookMapping.Description.readyMade.keys))
        #expect(throws: GatewayError.self) {
            try configuration.webhooks.verifier.verify([], body: [], at: Timestamp(milliseconds: 0))
        }
    }

    @Test func everythingCanBeConfigured() throws {
        let configuration = try Self.read([
            "listen: localhost:9000", "cache.address: unix:/run/semblance.sock",
            "cache.tls: on", "cache.tls-ca: ca.pem", "cache.tls-server-name: cache.internal",
            "cache.tls-client-certificate: own.pem", "cache.tls-client-key: own.key",
            "cache.token: t0ken", "cache.namespace: shop", "cache.namespaces: [support, hr]", "cache.timeout: 100ms",
            "upstreams.local.base-url: http://127.0.0.1:11434/v1", "upstreams.local.calls: 4",
            "upstreams.local.timeout: 30s",
            "upstreams.openai.credential: client", "routes.local/*.upstream: local", "routes.local/*.model: *",
            "routes.fast: openai:gpt-4o-mini", "routes.*: openai", "encoder.url: http://127.0.0.1:8000/v1",
            "encoder.model: all-MiniLM-L6-v2", "encoder.timeout: 50ms", "use-cases.faq.semantic: on",
            "use-cases.faq.threshold: 0.9", "use-cases.faq.share: app", "use-cases.faq.guards: [number, date]",
            "use-cases.faq.ttl: 1d", "use-cases.faq.answer-bytes: 64KiB", "use-cases.faq.prompt-bytes: 2KiB",
            "use-cases.faq.sampled: off", "use-cases.strict.semantic: yes", "use-cases.strict.target-precision: 0.95", "matcher.folder: Models/matching",
            "breaker.window: 10", "breaker.least: 3", "breaker.open: 5s", "retries.attempts: 2", "retries.percent: 20",
            "limits.request-bytes: 1MiB", "limits.requests: 64",
            "webhooks.secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]", "webhooks.namespace: kb",
            "webhooks.mappings.warehouse.source: warehouse/{table}",
            "webhooks.mappings.warehouse.where.state: [done, done-*]", "webhooks.mappings.warehouse.on-conflict: bump",
            "webhooks.mappings.github.secrets: a-secret-of-sixteen",
        ])
        #expect(configuration.listen == .network(host: "localhost", port: 9_000))
        #expect(configuration.cache.address == .unixSocket(path: "/run/semblance.sock"))
        #expect(
            configuration.cache.tls
                == .init(
                    authority: "ca.pem", serverName: "cache.internal", certificate: "own.pem", key: "own.key"))
        #expect(configuration.cache.allowedNamespaces == ["support", "hr"])
        #expect(configuration.cache.timeoutMilliseconds == 100)
        let local = try configuration.routes.route("local/llama3", .chatCompletions)
        #expect(
            local.model == "llama3" && local.upstream.callLimit == 4 && local.upstream.timeoutMilliseconds == 30_000)
        let fast = try configuration.routes.route("fast", .chatCompletions)
        #expect(fast.model == "gpt-4o-mini" && fast.upstream.credential == .client)
        guard case .remote(let encoder) = configuration.encoder else {
            Issue.record("the encoder is remote")
            return
        }
        #expect(encoder.address == "http://127.0.0.1:8000/v1/embeddings" && encoder.timeoutMilliseconds == 50)
        let useCases = configuration.policy.useCases
        #expect(
            useCases["faq"]
                == UseCase(
                    name: "faq", matching: .similarity(0.9), sharing: .app, guards: [.number, .date],
                    timeToLiveMilliseconds: 86_400_000, answerLimitBytes: 65_536, promptLimitBytes: 2_048,
                    cachesSampledAnswers: false))
        #expect(useCases["strict"]?.matching == .precision(0.95))
        #expect(configuration.breaker.windowCount == 10 && configuration.breaker.openMilliseconds == 5_000)
        #expect(configuration.retries.rule.attemptLimit == 2 && configuration.retries.budget.percent == 20)
        #expect(configuration.bounds.requestBytes == 1 << 20 && configuration.bounds.requestCount == 64)
        #expect(configuration.webhooks.namespace == "kb")
        let warehouse = try #require(configuration.webhooks.mappings["warehouse"])
        #expect(warehouse.mapping.description.conditions == ["state": ["done", "done-*"]])
        #expect(warehouse.verifier == configuration.webhooks.verifier)
        let github = try #require(configuration.webhooks.mappings["github"])
        #expect(github.mapping.description.label == "{after}" && github.verifier.authentication == .github)
    }

    @Test func theEnvironmentGoesBeforeTheFileAndTheCommandLineBeforeBoth() throws {
        let lines = ["listen: a:1", "cache.address: b:1", "cache.namespace: file"]
        let environment = [
            "SEMBLANCE_GATEWAY_LISTEN": "c:2", "SEMBLANCE_GATEWAY_CACHE_ADDRESS": "d:2",
            "SEMBLANCE_GATEWAY_CACHE_NAMESPACE": "",
        ]
        let configuration = try GatewayConfiguration(
            file: ConfigurationTree.node(lines), options: ["listen": "e:3"], environment: environment)
        #expect(configuration.listen == .network(host: "e", port: 3))
        #expect(configuration.cache.address == .network(host: "d", port: 2))
        #expect(configuration.cache.namespace == "file")
        let origins = configuration.settings.prefix(2).map(\.origin)
        #expect(origins == [.commandLine, .environment("SEMBLANCE_GATEWAY_CACHE_ADDRESS")])
        #expect(configuration.settings.first { $0.key == "cache.namespace" }?.origin == .file("gateway.yaml", line: 3))
    }

    @Test func everySettingHasAVariableThatSetsIt() throws {
        let file = [
            "upstreams.local.base-url: http://x", "webhooks.mappings.own.source: s", "encoder.folder: /models",
        ]
        let settings = try Self.read(file).settings
        let values = [
            "listen": "h:1", "address": "h:2", "tls": "on", "kind": "anthropic", "base-url": "http://y", "key": "k",
            "credential": "client",
            "timeout": "7s", "calls": "3", "semantic": "off", "share": "team", "guards": "none", "ttl": "9s",
            "answer-bytes": "7", "prompt-bytes": "7", "sampled": "off", "window": "64", "least": "1",
            "failure-percent": "7",
            "memory": "9s", "open": "9s", "longest-open": "19s", "probes": "7", "attempts": "7", "percent": "7",
            "least-per-second": "7", "capacity": "7", "first-delay": "9s", "longest-delay": "9s",
            "request-bytes": "2KiB", "requests": "7", "on-conflict": "bump",
            "authentication": "none", "secrets": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "where": "a=b|c, d=e",
        ]
        // Those that exclude others, or need them.
        let skipped: Set = [
            "url", "threshold", "target-precision", "label", "previous", "version", "tls-ca", "tls-server-name",
            "tls-client-certificate", "tls-client-key",
        ]
        for setting in settings where !setting.key.hasPrefix("routes.") {
            let name = String(setting.key.split(separator: ".").last ?? "")
            guard !skipped.contains(name) else { continue }
            let value = values[name] ?? "other"
            let read = try Self.read(file, environment: [setting.variable: value])
            let changed = read.settings.first { $0.key == setting.key }
            #expect(changed?.origin == .environment(setting.variable), "\(setting.key)")
        }
        let routed = try Self.read(
            [], environment: ["SEMBLANCE_GATEWAY_ROUTES": "fast=openai:gpt-4o-mini, *=anthropic"])
        #expect(try routed.routes.route("fast", .chatCompletions).model == "gpt-4o-mini")
        #expect(try routed.routes.route("x", .messages).upstream.name == "anthropic")
        let added = try Self.read(
            [],
            environment: [
                "SEMBLANCE_GATEWAY_UPSTREAMS": "v-llm",
                "SEMBLANCE_GATEWAY_UPSTREAMS_V_LLM_BASE_URL": "http://vllm:8000",
                "SEMBLANCE_GATEWAY_ROUTES": "*=v-llm", "SEMBLANCE_GATEWAY_UPSTREAMS_V_LLM_KEY_VARIABLE": "VLLM_KEY",
                "VLLM_KEY": "k",
            ])
        #expect(try added.routes.route("x", .embeddings).upstream.credential == .key(Secret("k")!))
    }

    @Test func aRouteToTheGatewaysOwnEncoderNeedsOne() throws {
        let route = "routes.small: built-in"
        #expect(try Self.read([route, "encoder.folder: /models/mini"]).routes.leadsToEncoder("small", encoder: "mini"))
        for lines in [
            [route], [route, "encoder.url: http://e/v1", "encoder.model: m"],
            ["routes.small: built-in:mini", "encoder.folder: /models/mini"],
            ["upstreams.built-in.base-url: http://other"],
        ] {
            let error = #expect(throws: ConfigurationError.self, "\(lines)") { try Self.read(lines) }
            #expect(error?.description.contains("built-in") == true)
        }
    }

    @Test func theVariablesThatPeopleHaveSetAlreadyWork() throws {
        let environment = [
            "OPENAI_API_KEY": "sk-o", "OPENAI_BASE_URL": "http://o/v1", "ANTHROPIC_API_KEY": "sk-a",
            "ANTHROPIC_BASE_URL": "http://a",
        ]
        let routes = try Self.read(["upstreams.other.base-url: http://other"], environment: environment).routes
        #expect(routes.upstream("openai")?.credential == .key(Secret("sk-o")!))
        #expect(routes.upstream("openai")?.address(of: .embeddings) == "http://o/v1/embeddings")
        #expect(routes.upstream("anthropic")?.credential == .key(Secret("sk-a")!))
        #expect(routes.upstream("anthropic")?.address(of: .messages) == "http://a/v1/messages")
        // A key is for its provider, and for nobody who only speaks like it.
        #expect(routes.upstream("other")?.credential == UpstreamCredential.none)
        let moved = try Self.read(
            ["upstreams.openai.kind: openai-compatible", "upstreams.openai.base-url: http://other"],
            environment: environment)
        #expect(moved.routes.upstream("openai")?.credential == UpstreamCredential.none)
        let named = try Self.read(["upstreams.mine.kind: openai"], environment: environment).routes
        #expect(named.upstream("mine")?.credential == UpstreamCredential.none)
    }

    @Test(arguments: [
        ("lisen: a:1", "lisen", "did you mean 'listen'"), ("cache.adress: a:1", "cache.adress", "'address'"),
        ("cache.zzzzzzzz: 1", "cache.zzzzzzzz", "there are address"), ("listen: 8077", "listen", "host:port"),
        ("listen: [a, b]", "listen", "a single value"), ("cache: x", "cache", "a mapping"),
        ("upstreams.openai.base-url: openai.com", "upstreams.openai.base-url", "URL"),
        ("upstreams.openai.kind: azure", "upstreams.openai.kind", "openai-compatible"),
        ("upstreams.mine.timeout: 5s", "upstreams.mine.base-url", "must be there"),
        ("upstreams.openai.credential: key", "upstreams.openai.credential", "key-variable"),
        ("upstreams.a b.base-url: http://x", "upstreams.a b", "no name"),
        ("routes.x: nowhere", "routes", "no upstream"),
        ("routes.x: opnai", "routes", "'openai'"), ("routes.a*b*: openai", "routes.a*b*", "one star"),
        ("routes.x.model: y", "routes.x", "upstream"), ("routes.x: [openai]", "routes.x", "upstream:model"),
        ("routes.x: openai:*", "routes", "star"), ("encoder.url: http://x", "encoder.model", "must be there"),
        ("use-cases.faq.semantic: on", "use-cases.faq.semantic", "threshold"),
        ("use-cases.faq.threshold: 0.9", "use-cases.faq.threshold", "semantic is on"),
        ("use-cases.faq.threshold: 90%", "use-cases.faq.threshold", "0 through 1"),
        ("use-cases.faq.guards: [numbers]", "use-cases.faq.guards", "'number'"),
        ("use-cases.faq.share: all", "use-cases.faq.share", "team"),
        ("use-cases.faq.sampled: 1", "use-cases.faq.sampled", "on or off"),
        ("use-cases.faq.answer-bytes: 1GiB", "use-cases.faq.answer-bytes", "8MiB"),
        ("limits.requests: 0", "limits.requests", "1 through"),
        ("limits.request-bytes: big", "limits.request-bytes", "size"),
        ("breaker.open: 2h", "breaker.open", "at most 1h"),
        ("breaker.least: 30", "breaker.least", "breaker.window"),
        ("retries.attempts: three", "retries.attempts", "whole number"),
        ("webhooks.secrets: [a, b, c]", "webhooks.secrets", "at most 2"),
        ("webhooks.secrets: whsec_x", "webhooks.secrets", "base64"),
        ("webhooks.mappings.own.version: {v}", "webhooks.mappings.own.source", "must be there"),
        ("webhooks.mappings.own.source: {v", "webhooks.mappings.own.source", "without '}'"),
        ("webhooks.mappings.dbt.label: {v}", "webhooks.mappings.dbt.label", "exclude"),
        ("webhooks.mappings.dbt.where: x", "webhooks.mappings.dbt.where", "mapping"),
        ("cache.token: a b", "cache.token", "printable"),
        ("cache.tls: maybe", "cache.tls", "on or off"),
        ("cache.tls-ca: ca.pem", "cache.tls-ca", "without cache.tls"),
        ("cache.tls-client-key: own.key", "cache.tls-client-key", "without cache.tls"),
    ])
    func whatIsWrongIsSaidWithItsKeyItsLineAndWhatIsExpected(_ line: String, _ key: String, _ words: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try Self.read(["breaker.probes: 2", line]) }
        let problem = try #require(error?.problems.first)
        #expect(problem.key == key)
        #expect(problem.reason.contains(words), "\(problem)")
        #expect(problem.place == "gateway.yaml:2" || problem.place == "default", "\(problem)")
    }

    @Test func allProblemsAreToldAtOnceAndNoMoreThanPeopleRead() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try Self.read(
                ["listen: x", "lisen: y", "cache.timeout: soon"], environment: ["SEMBLANCE_GATEWAY_LIMITS_REQUEST": "1"]
            )
        }
        #expect(
            error?.problems.map(\.key) == ["listen", "cache.timeout", "lisen", "SEMBLANCE_GATEWAY_LIMITS_REQUEST"])
        #expect(error?.problems.last?.reason.contains("SEMBLANCE_GATEWAY_LIMITS_REQUESTS") == true)
        let many = #expect(throws: ConfigurationError.self) { try Self.read((0..<200).map { "k\($0): x" }) }
        #expect(many?.problems.count == GatewayLimits.problemCount)
    }

    @Test func anOptionThatNobodyKnowsIsAProblem() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try GatewayConfiguration(options: ["cache.adress": "a:1", "cache.timeout": "1s"])
        }
        #expect(error?.problems.map(\.key) == ["cache.adress"])
        #expect(error?.problems.first?.reason.contains("'cache.address'") == true)
        let set = try GatewayConfiguration(options: ["use-cases": "faq", "use-cases.faq.ttl": "1h"])
        #expect(set.policy.useCases["faq"]?.timeToLiveMilliseconds == 3_600_000)
    }

    @Test func aKeyThatIsThereTwiceAndNamesWithTheSameVariablesAreProblems() {
        let twice = #expect(throws: ConfigurationError.self) { try Self.read(["listen: a:1", "listen: a:2"]) }
        #expect(twice?.problems.first?.reason == "is there twice")
        let same = #expect(throws: ConfigurationError.self) {
            try Self.read(["use-cases.a-b.ttl: 1h", "use-cases.a_b.ttl: 1h"])
        }
        #expect(same?.problems.first?.reason.contains("the same variables") == true)
    }

    @Test func semanticHitsNeedAnEncoder() {
        let lines = ["use-cases.faq.semantic: on", "use-cases.faq.threshold: 0.9"]
        let error = #expect(throws: ConfigurationError.self) { try Self.read(lines) }
        #expect(error?.problems.first?.reason.contains("encoder.folder") == true)
        #expect(throws: Never.self) { try Self.read(lines + ["encoder.folder: /models"]) }
    }

    @Test func theExplanationHasEverySettingAndNoSecret() throws {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let configuration = try Self.read(
            [
                "cache.token: t0ken", "webhooks.secrets: \(secret)",
                "webhooks.mappings.github.secrets: [github-secret-16]",
            ],
            environment: ["OPENAI_API_KEY": "sk-1234567890", "SEMBLANCE_GATEWAY_CACHE_TIMEOUT": "1s"])
        let text = configuration.explain()
        for hidden in ["t0ken", "MfKQ", "github-secret", "sk-1234"] { #expect(!text.contains(hidden)) }
        let lines = text.split(separator: "\n")
        #expect(lines.count == configuration.settings.count)
        #expect(Set(configuration.settings.map(\.key)).count == lines.count)
        #expect(
            lines.contains { $0.hasPrefix("cache.timeout: 1s ") && $0.hasSuffix("# SEMBLANCE_GATEWAY_CACHE_TIMEOUT") })
        #expect(lines.contains { $0.hasPrefix("upstreams.openai.key: ••") && $0.hasSuffix("# OPENAI_API_KEY") })
        #expect(lines.contains { $0.hasPrefix("listen: 127.0.0.1:8077 ") && $0.hasSuffix("# default") })
        #expect(lines.contains { $0.hasPrefix("routes.claude-*: anthropic ") })
        #expect(lines.contains { $0.hasPrefix("upstreams.anthropic.key: (not set) ") })
    }

    @Test func theDocumentHasEveryKeyAndNoOther() throws {
        let read = try Self.read(["upstreams.NAME.base-url: http://x", "use-cases.NAME.ttl: 1h"]).settings.map(\.key)
        var keys = Set(read.filter { !$0.hasPrefix("webhooks.mappings.") && !$0.hasPrefix("routes.") })
        keys = keys.filter { key in
            !["upstreams.openai.", "upstreams.anthropic.", "use-cases.default."].contains { key.hasPrefix($0) }
        }
        var documented: Set<String> = []
        for row in try GatewayDocument.rows(below: "| key | default | |", table: 0) {
            var stem = ""
            for code in GatewayDocument.code(in: row[0]) {
                documented.insert(code.hasPrefix(".") ? stem + code : code)
                if !code.hasPrefix(".") { stem = code.split(separator: ".").dropLast().joined(separator: ".") }
            }
        }
        for row in try GatewayDocument.rows(below: "| key | default | |", table: 1) {
            documented.formUnion(GatewayDocument.code(in: row[0]).map { "use-cases.NAME.\($0)" })
        }
        #expect(documented.subtracting(keys) == ["routes", "webhooks.mappings"])
        #expect(keys.subtracting(documented) == [])
    }

    @Test func aWrongSecretIsNotToldInItsProblem() {
        let error = #expect(throws: ConfigurationError.self) {
            try Self.read([
                "cache.token: my secret", "webhooks.secrets: hidden", "webhooks.mappings.github.secrets: hidden",
            ])
        }
        #expect(error?.problems.count == 3)
        #expect(error.map { !$0.description.contains("my secret") && !$0.description.contains("hidden") } == true)
    }

    private static func read(_ lines: [String], environment: [String: String] = [:]) throws(ConfigurationError)
        -> GatewayConfiguration
    {
        try GatewayConfiguration(file: ConfigurationTree.node(lines), environment: environment)
    }
}
