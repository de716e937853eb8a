import SemblanceClient

/// The arguments of a step as the Swift client takes them.
enum ScenarioRequest {
    static func settings(_ value: ScenarioValue) -> NamespaceSettings {
        var settings = NamespaceSettings()
        settings.dimension = value["dimension"].integer()
        settings.model = value["model"].text ?? settings.model
        settings.threshold = value["threshold"].float ?? settings.threshold
        settings.timeToLiveMilliseconds = value["time-to-live"].integer()
        settings.capacity = value["capacity"].integer()
        return settings
    }

    static func lookup(_ value: ScenarioValue) -> Lookup {
        Lookup(
            scope: scope(value), key: key(value), vector: vector(value), threshold: value["threshold"].float,
            neighbors: value["neighbors"].integer() ?? 1,
            maximumAgeMilliseconds: value["maximum-age"].integer(),
            minimumPosition: value["minimum-position"].text.flatMap(Position.init), sources: value["sources"].texts,
            omitsPayload: value["omits-payload"].isOn, isExplained: value["explains"].isOn)
    }

    static func insertion(_ value: ScenarioValue) -> Insertion {
        var insertion = Insertion(
            scope: scope(value), key: key(value), vector: vector(value), prompt: value["prompt"].text,
            text: value["payload"].text ?? "", dependencies: (value["dependencies"].list ?? []).map(dependency),
            tags: value["tags"].texts,
            expiresAt: value["expires-at"].integer().map { Timestamp(milliseconds: $0) },
            costSavedNanodollars: value["cost-saved"].integer() ?? 0, lease: value["lease"].text.flatMap(Lease.init))
        if let type = value["content-type"].text { insertion.contentType = type }
        return insertion
    }

    static func invalidation(_ value: ScenarioValue) -> Invalidation {
        Invalidation(source: value["source"].text ?? "", change: change(value))
    }

    static func entry(_ value: ScenarioValue) -> EntryIdentifier { EntryIdentifier(value.integer() ?? 0) }

    private static func change(_ value: ScenarioValue) -> Invalidation.Change {
        if let version: UInt64 = value["version"].integer() { return .version(version, generation: generation(value)) }
        if let version: UInt64 = value["reset"].integer() { return .reset(version: version) }
        guard let label = value["label"].text else { return .bump }
        if let position = value["replaces-position"].text.flatMap(Position.init) {
            return .label(label, replacing: .position(position))
        }
        return .label(label, replacing: value["replaces-label"].text.map { .label($0) } ?? .nothing)
    }

    private static func dependency(_ value: ScenarioValue) -> Dependency {
        let source = value["source"].text ?? ""
        if let version: UInt64 = value["version"].integer() {
            return Dependency(source, .ordered(version, generation: generation(value)))
        }
        return Dependency(source, value["label"].text.map { .labelled($0) } ?? .unnamed)
    }

    private static func generation(_ value: ScenarioValue) -> Generation {
        value["generation"].text.flatMap(Position.init) ?? .zero
    }

    private static func scope(_ value: ScenarioValue) -> Scope { value["scope"].text.flatMap(Scope.init) ?? .shared }
    private static func key(_ value: ScenarioValue) -> ExactKey? { value["key"].text.flatMap(ExactKey.init) }
    private static func vector(_ value: ScenarioValue) -> [Float]? { value["vector"].list?.compactMap(\.float) }
}
