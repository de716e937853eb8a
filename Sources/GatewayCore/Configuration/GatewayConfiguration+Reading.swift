import CacheModel

extension GatewayConfiguration {
    /// - Parameters:
    ///   - file: the configuration file's root; nil for none.
    ///   - fileName: for messages.
    ///   - options: of the command line, by their keys: `cache.address`. They go before everything else.
    ///   - environment: `SEMBLANCE_GATEWAY_` and a key goes before the file; `OPENAI_API_KEY`, `OPENAI_BASE_URL`,
    ///     `ANTHROPIC_API_KEY` and `ANTHROPIC_BASE_URL` come after it.
    /// - Throws: all that is wrong, at once.
    package init(
        file: ConfigurationNode? = nil, fileName: String = "gateway.yaml", options: [String: String] = [:],
        environment: [String: String] = [:]
    ) throws(ConfigurationError) {
        let reader = ConfigurationReader(fileName: fileName, options: options, environment: environment)
        let root = ConfigurationSection(reader, path: [], file)
        let listen = root.value(
            "listen", ServiceLocation.expectation, standard: "127.0.0.1:8077", ServiceLocation.init)
        let cache = Cache(root.section("cache"))
        let routes = RouteTable(reading: root)
        let useCases = root.named("use-cases", standard: [UseCase.defaultName]).map { UseCase($0.name, $0.section) }
        let encoder = Encoder(root.section("encoder"))
        let matcher = root.section("matcher")
        let matcherFolder = matcher.text("folder")
        matcher.finish()
        let breaker = CircuitBreaker.Settings(root.section("breaker"))
        let retries = Retries(root.section("retries"))
        let bounds = Bounds(root.section("limits"))
        let webhooks = cache.flatMap { Webhooks(root.section("webhooks"), namespace: $0.namespace) }
        root.finish()
        reader.reportUnknown()
        guard reader.problems.isEmpty, let listen, let cache, let routes, let encoder, let webhooks else {
            throw ConfigurationError(problems: reader.problems)
        }
        if !encoder.isBuiltIn, let route = routes.routes.first(where: \.leadsToEncoder) {
            root.report(
                "routes", "has '\(route.pattern)' lead to '\(route.upstream)', but there is none: set encoder.folder")
            throw ConfigurationError(problems: reader.problems)
        }
        if encoder == .none, let useCase = useCases.first(where: { $0.matching != nil }) {
            root.report(
                "use-cases",
                "has semantic on for '\(useCase.name)', but there is no encoder: set encoder.folder or encoder.url")
            throw ConfigurationError(problems: reader.problems)
        }
        if matcherFolder == nil, let useCase = useCases.first(where: { $0.matching?.isPrecision == true }) {
            root.report(
                "use-cases",
                "has a target-precision for '\(useCase.name)', but there is no match model to keep it: set matcher.folder"
            )
            throw ConfigurationError(problems: reader.problems)
        }
        self.init(
            listen: listen, cache: cache, routes: routes, useCases: useCases, encoder: encoder,
            matcherFolder: matcherFolder,
            breaker: breaker, retries: retries, bounds: bounds, webhooks: webhooks, settings: reader.settings)
    }
}

extension GatewayConfiguration.Cache {
    /// - Returns: nil when something is wrong that has no default, which is reported.
    fileprivate init?(_ section: ConfigurationSection) {
        let address = section.value(
            "address", ServiceLocation.expectation, standard: "127.0.0.1:7707", ServiceLocation.init)
        token = section.value("token", "printable ASCII without spaces", isSecret: true, Secret.init)
        tls = GatewayConfiguration.CacheTLS(section)
        let namespace = section.value(
            "namespace", "a name of 1 through \(Limits.namespaceBytes) bytes", standard: "default", Self.namespace)
        let allowed = section.texts("namespaces", standard: ["*"])
        for name in allowed where Self.namespace(name) == nil {
            section.report("namespaces", "has a name that has not 1 through \(Limits.namespaceBytes) bytes")
        }
        allowedNamespaces = allowed.contains("*") ? nil : Set(allowed.map { Name($0) })
        timeoutMilliseconds = section.duration("timeout", standard: GatewayLimits.cacheTimeoutMilliseconds)
        section.finish()
        guard let address, let namespace else { return nil }
        self.address = address
        self.namespace = namespace
    }

    fileprivate static func namespace(_ text: String) -> String? {
        (1...Limits.namespaceBytes).contains(text.utf8.count) ? text : nil
    }
}

extension GatewayConfiguration.CacheTLS {
    /// - Returns: nil without TLS.
    fileprivate init?(_ section: ConfigurationSection) {
        let isOn = section.isOn("tls", standard: false)
        authority = section.text("tls-ca")
        serverName = section.text("tls-server-name")
        certificate = section.text("tls-client-certificate")
        key = section.text("tls-client-key")
        let names = [
            ("tls-ca", authority), ("tls-server-name", serverName), ("tls-client-certificate", certificate),
            ("tls-client-key", key),
        ]
        for (name, value) in names where value != nil && !isOn {
            section.report(name, "is of no use without cache.tls: on")
        }
        if (certificate == nil) != (key == nil) {
            section.report(
                certificate == nil ? "tls-client-certificate" : "tls-client-key", "must be there: both go together")
        }
        guard isOn else { return nil }
    }
}

extension GatewayConfiguration.Encoder {
    fileprivate init?(_ section: ConfigurationSection) {
        let folder = section.text("folder")
        let url = section.value("url", "an http or https URL", BaseURL.init)
        let model = section.text("model")
        let key = section.value("key", "printable ASCII without spaces", isSecret: true, Secret.init)
        let timeout = section.duration("timeout", standard: GatewayLimits.encoderTimeoutMilliseconds)
        section.finish()
        switch (folder, url) {
        case (nil, nil): self = .none
        case (let folder?, nil): self = .builtIn(folder: folder)
        case (nil, let url?):
            guard let model else {
                section.report("model", "must be there when encoder.url is: it is what the server is asked for")
                return nil
            }
            self = .remote(.init(baseURL: url, model: model, key: key, timeoutMilliseconds: timeout))
        case (_?, _?):
            section.report("url", "and encoder.folder exclude each other")
            return nil
        }
    }
}

extension CircuitBreaker.Settings {
    fileprivate init(_ section: ConfigurationSection) {
        self.init()
        windowCount = section.number("window", 1...64, standard: windowCount)
        leastCount = section.number("least", 1...64, standard: leastCount)
        failurePercent = section.number("failure-percent", 1...100, standard: failurePercent)
        memoryMilliseconds = section.duration("memory", standard: memoryMilliseconds)
        openMilliseconds = section.duration("open", standard: openMilliseconds)
        longestOpenMilliseconds = section.duration("longest-open", standard: longestOpenMilliseconds)
        probeCount = section.number("probes", 1...64, standard: probeCount)
        if leastCount > windowCount { section.report("least", "must not be more than breaker.window") }
        if openMilliseconds > longestOpenMilliseconds {
            section.report("open", "must not be longer than breaker.longest-open")
        }
        section.finish()
    }
}

extension GatewayConfiguration.Retries {
    fileprivate init(_ section: ConfigurationSection) {
        rule = RetryRule(attemptLimit: section.number("attempts", 1...10, standard: 3))
        rule.firstDelayMilliseconds = section.duration("first-delay", standard: rule.firstDelayMilliseconds)
        rule.longestDelayMilliseconds = section.duration("longest-delay", standard: rule.longestDelayMilliseconds)
        budget = RetryBudget.Settings()
        budget.percent = section.number("percent", 0...100, standard: budget.percent)
        budget.leastPerSecond = section.number("least-per-second", 0...10_000, standard: budget.leastPerSecond)
        budget.capacity = section.number("capacity", 1...1_000_000, standard: budget.capacity)
        section.finish()
    }
}

extension GatewayConfiguration.Bounds {
    fileprivate init(_ section: ConfigurationSection) {
        requestBytes = section.byteCount(
            "request-bytes", (1 << 10)...JSONLimits.request.bytes, standard: GatewayLimits.requestBytes)
        requestCount = section.number(
            "requests", 1...GatewayLimits.largestRequestCount, standard: GatewayLimits.requestCount)
        section.finish()
    }
}
