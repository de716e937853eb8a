extension RouteTable {
    /// Reads `upstreams` and `routes`. Two upstreams are there without being configured, `openai` and `anthropic`; so
    /// are two routes as long as none is configured.
    ///
    /// - Returns: nil when something is wrong, which is reported.
    init?(reading root: ConfigurationSection) {
        let upstreams = root.named("upstreams", standard: ["openai", "anthropic"])
            .compactMap { Upstream($0.name, $0.section) }
        let entries =
            root.entries("routes") ?? [
                ("claude-*", ConfigurationNode(.text("anthropic")), .standard),
                ("*", ConfigurationNode(.text("openai")), .standard),
            ]
        var routes: [Route] = []
        for entry in entries {
            let key = "routes.\(entry.name)"
            do throws(Unreadable) {
                let route = try Self.route(entry.name, entry.value, root.reader)
                routes.append(route)
                let target = route.upstream + (route.model.map { ":\($0)" } ?? "")
                root.reader.note(["routes", entry.name], target, entry.origin)
            } catch {
                root.reader.report(key, entry.origin.description, error.reason)
            }
        }
        do throws(Problem) {
            try self.init(routes, upstreams: upstreams)
        } catch {
            root.report("routes", Self.reason(error, upstreams))
            return nil
        }
    }

    private struct Unreadable: Error {
        var reason: String
    }

    private static func route(
        _ name: String, _ node: ConfigurationNode, _ reader: ConfigurationReader
    ) throws(Unreadable) -> Route {
        guard let pattern = NamePattern(name) else {
            throw Unreadable(
                reason: "must be the name of a model, with at most one star and \(GatewayLimits.modelBytes) bytes")
        }
        switch node.content {
        case .text(let text):
            let (upstream, model) = HeaderList.halves(text[...], at: UInt8(ascii: ":"))
            return Route(pattern, upstream: String(upstream), model: model.map { String($0) })
        case .mapping:
            let section = ConfigurationSection(reader, path: ["routes", name], node)
            let upstream = section.text("upstream")
            let model = section.text("model")
            section.finish()
            guard let upstream else { throw Unreadable(reason: "must name its upstream") }
            return Route(pattern, upstream: upstream, model: model)
        case .empty, .list:
            throw Unreadable(reason: "must be 'upstream', 'upstream:model' or a mapping of both, not \(node.phrase)")
        }
    }

    private static func reason(_ problem: Problem, _ upstreams: [Upstream]) -> String {
        switch problem {
        case .unknownUpstream(let pattern, let name):
            "has '\(pattern)' lead to '\(name)', which is no upstream"
                + NearestName.suggestion(for: name, in: upstreams.map(\.name))
        case .encoderModel(let pattern):
            "has '\(pattern)' name a model of '\(encoderTarget)', which has one only: leave the model out"
        case .duplicate(let pattern): "has '\(pattern)' twice"
        case .ambiguous(let one, let other):
            "has '\(one)' and '\(other)', which match the same names and say equally much of them: make one longer"
        case .model(let pattern, let model):
            "has '\(pattern)' ask for '\(model)', but only a pattern with a star may have one there, and one only"
        }
    }
}

extension Upstream {
    /// What the well-known names stand for.
    private static let kinds: [String: UpstreamKind] = ["openai": .openAI, "anthropic": .anthropic]

    private enum CredentialChoice: String, CaseIterable {
        case key, client, none
    }

    fileprivate init?(_ name: String, _ section: ConfigurationSection) {
        let kind = section.choice("kind", standard: Self.kinds[name] ?? .openAICompatible)
        // Variables that people have set already are for the provider itself, not for whoever speaks like it.
        let isProvider = Self.kinds[name] == kind
        let (address, addressVariables, keyVariables): (String?, [String], [String]) =
            switch kind {
            case .openAI: ("https://api.openai.com/v1", ["OPENAI_BASE_URL"], ["OPENAI_API_KEY"])
            case .anthropic: ("https://api.anthropic.com", ["ANTHROPIC_BASE_URL"], ["ANTHROPIC_API_KEY"])
            case .openAICompatible: (nil, [], [])
            }
        let baseURL = section.value(
            "base-url", "an http or https URL", standard: address, variables: isProvider ? addressVariables : [],
            BaseURL.init)
        let named = section.text("key-variable")
        let key = section.value(
            "key", "printable ASCII without spaces", variables: named.map { [$0] } ?? (isProvider ? keyVariables : []),
            isSecret: true, Secret.init)
        let choice = section.choice("credential", standard: key == nil ? CredentialChoice.none : .key)
        let timeout = section.duration("timeout", standard: GatewayLimits.upstreamTimeoutMilliseconds)
        let calls = section.value("calls", "a whole number from 1") { text in
            DecimalText.unsigned(text).flatMap { Int(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil }
        }
        section.finish()
        if name == RouteTable.encoderTarget {
            section.report("kind", "cannot be: '\(name)' is the gateway's own encoder, call the upstream otherwise")
        }
        if choice == .key, key == nil {
            section.report("credential", "is key, but there is none: set key or key-variable")
        }
        guard let baseURL else {
            if address == nil, section.place("base-url") == "default" { section.report("base-url", "must be there") }
            return nil
        }
        let credential: UpstreamCredential =
            switch choice {
            case .key: key.map(UpstreamCredential.key) ?? .none
            case .client: .client
            case .none: .none
            }
        self.init(
            name: name, kind: kind, baseURL: baseURL, credential: credential, timeoutMilliseconds: timeout,
            callLimit: calls)
    }
}
