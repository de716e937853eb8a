import CacheModel

extension GatewayConfiguration.Webhooks {
    init?(_ section: ConfigurationSection, namespace standard: String) {
        let common = Self.secrets(section, .standard)
        let namespace = section.value(
            "namespace", "a name of 1 through \(Limits.namespaceBytes) bytes", standard: standard
        ) { (1...Limits.namespaceBytes).contains($0.utf8.count) ? $0 : nil }
        let readyMade = WebhookMapping.Description.readyMade
        var mappings: [String: GatewayConfiguration.Mapping] = [:]
        for (name, below) in section.named("mappings", standard: readyMade.keys.sorted()) {
            guard let mapping = WebhookMapping(name, below, standard: readyMade[name] ?? .init()) else { continue }
            let authentication = mapping.description.authentication
            let own = Self.secrets(below, authentication)
            below.finish()
            let secrets = own.isEmpty && authentication == .standard ? common : own
            mappings[name] = .init(mapping: mapping, verifier: WebhookVerifier(authentication, secrets: secrets))
        }
        section.finish()
        guard let namespace else { return nil }
        verifier = WebhookVerifier(.standard, secrets: common)
        self.namespace = namespace
        self.mappings = mappings
    }

    private static func secrets(
        _ section: ConfigurationSection, _ authentication: WebhookAuthentication
    ) -> [WebhookSecret] {
        let texts = section.texts("secrets", standard: [], isSecret: true)
        guard texts.count <= GatewayLimits.secretCount else {
            section.report(
                "secrets", "must be at most \(GatewayLimits.secretCount): the one that is used and the next one")
            return []
        }
        let isStandard = authentication == .standard
        let secrets = texts.compactMap { isStandard ? WebhookSecret($0) : WebhookSecret(plain: $0) }
        if secrets.count < texts.count {
            section.report(
                "secrets",
                isStandard
                    ? "must be whsec_ and base64 of 24 through 64 bytes each" : "must have 16 through 256 bytes each")
        }
        return secrets
    }
}

extension WebhookMapping {
    /// Does not finish the section, whose secrets are read by the caller.
    fileprivate init?(_ name: String, _ section: ConfigurationSection, standard: Description) {
        var description = standard
        description.items = section.texts("items", standard: standard.items)
        description.within = section.text("within", standard: standard.within)
        description.conditions = Self.conditions(section, standard.conditions)
        description.source = section.text("source", standard: standard.source.isEmpty ? nil : standard.source) ?? ""
        description.version = section.text("version", standard: standard.version)
        description.label = section.text("label", standard: standard.label)
        description.previous = section.text("previous", standard: standard.previous)
        description.namespace = section.text("namespace", standard: standard.namespace)
        description.conflict = section.choice("on-conflict", standard: standard.conflict)
        description.authentication = section.choice("authentication", standard: standard.authentication)
        guard !description.source.isEmpty else {
            section.report("source", "must be there: it makes the name of the source, such as 'warehouse/{table}'")
            return nil
        }
        do throws(Problem) {
            try self.init(name: name, description)
        } catch {
            section.report(error.key, error.reason)
            return nil
        }
    }

    /// A path with the values that count: one, or a list; in the environment with bars between.
    private static func conditions(
        _ section: ConfigurationSection, _ standard: [String: [String]]
    ) -> [String: [String]] {
        let entries = section.entries("where")
        guard let entries else {
            note(standard, section, .standard)
            return standard
        }
        var conditions: [String: [String]] = [:]
        for (path, node, origin) in entries {
            let patterns: [String?]
            switch (node.content, origin) {
            case (.text(let text), .file): patterns = [text]
            case (.text(let text), _):
                patterns = HeaderList.elements(text, separator: UInt8(ascii: "|")).map { String($0) }
            case (.list(let elements), _):
                patterns = elements.map { element in
                    if case .text(let text) = element.content { text } else { nil }
                }
            default: patterns = [nil]
            }
            guard !patterns.isEmpty, !patterns.contains(nil) else {
                section.reader.report(
                    section.key("where.\(path)"), origin.description, "must be a value or a list of values")
                continue
            }
            conditions[path] = patterns.compactMap(\.self)
        }
        note(conditions, section, entries.first?.origin ?? .standard)
        return conditions
    }

    private static func note(
        _ conditions: [String: [String]], _ section: ConfigurationSection, _ origin: ConfigurationSetting.Origin
    ) {
        let shown = conditions.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.joined(separator: "|"))" }
        section.reader.note(section.path + ["where"], shown.isEmpty ? nil : shown.joined(separator: ", "), origin)
    }
}
