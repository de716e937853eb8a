package import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// What an entry rests on, as far as freshness is concerned.
package struct EntryBasis: Sendable {
    package var scope: Scope
    package var dependencies: [Dependency]
    package var tags: [String]
    /// `fillG`: the sequence of the lease that the entry was inserted with, or 0.
    package var fillSequence: UInt64

    package init(scope: Scope, dependencies: [Dependency], tags: [String], fillSequence: UInt64) {
        self.scope = scope
        self.dependencies = dependencies
        self.tags = tags
        self.fillSequence = fillSequence
    }

    package init(_ record: EntryRecord) {
        self.init(
            scope: record.scope, dependencies: record.dependencies, tags: record.tags, fillSequence: record.fillSequence)
    }
}

/// Why an entry may not be served, or not be stored.
package enum Refusal: Hashable, Sendable {
    case staleDependency(String, current: SourceState)
    case leaseRequired(String)
    case kindMismatch(String, current: SourceState)
    /// The store has lost what it knew. Of a tag it has lost the purges only, which a lease from after the loss makes up for.
    case fenced(String, isTag: Bool = false)

    package var missReason: Miss.Reason {
        switch self {
        case .fenced: .fenced
        case .staleDependency, .leaseRequired, .kindMismatch: .stale
        }
    }

    package var error: CacheError {
        switch self {
        case .staleDependency(let source, let current):
            CacheError(
                .staleDependency, "\(source) has changed since it was read",
                detail: ["source": source, "current": current.version.text])
        case .leaseRequired(let source), .fenced(let source, isTag: true):
            CacheError(
                .leaseRequired, "\(source) needs a lease that was taken before it was read", detail: ["source": source])
        case .kindMismatch(let source, let current):
            CacheError(
                .kindMismatch, "\(source) is known by versions of the other kind",
                detail: ["source": source, "current": current.version.text])
        case .fenced(let source, isTag: false):
            CacheError(
                .fenced,
                "the store has lost what it knew of \(source); announce it to the present incarnation or lift the fence",
                detail: ["source": source])
        }
    }
}

extension WatermarkTable {
    /// The one rule of freshness, used by inserts, inside the search, and last before a hit is encoded.
    ///
    /// - Returns: nil when an entry with this basis may be served, otherwise the first reason why not.
    package func refusal(of basis: EntryBasis, in namespace: NamespaceWatermarks?) -> Refusal? {
        let fill = basis.fillSequence
        if let refusal = purgeRefusal(of: basis, in: namespace) { return refusal }
        if let first = basis.dependencies.first, fill < namespace?.record.floors.sources ?? 0 {
            return .leaseRequired(first.source)
        }
        for dependency in basis.dependencies {
            if isFenced, namespace?.announced.contains(Name(dependency.source)) != true { return .fenced(dependency.source) }
            guard let watermark = namespace?.sources[Name(dependency.source)] else { continue }
            if let refusal = Self.refusal(of: dependency, fill, watermark) { return refusal }
        }
        return nil
    }

    private static func refusal(of dependency: Dependency, _ fill: UInt64, _ watermark: WatermarkRecord) -> Refusal? {
        let source = dependency.source
        let stale = Refusal.staleDependency(source, current: watermark.state)
        switch (dependency.version, watermark.kind) {
        case (.ordered, .labelled), (.labelled, .ordered):
            return .kindMismatch(source, current: watermark.state)
        case (.ordered(let version, let generation), .ordered(let currentVersion, let currentGeneration)):
            guard generation == currentGeneration, version >= currentVersion else { return stale }
            return fill < watermark.floorSequence ? .leaseRequired(source) : nil
        case (.labelled(let label), .labelled(let current?)):
            return Name(label) == current ? nil : stale
        case (.unnamed, _), (_, nil), (.labelled, .labelled(nil)):
            // Nothing can be compared, so only a lease from after the last change will do.
            guard fill < watermark.lastSequence else { return nil }
            return fill == 0 ? .leaseRequired(source) : stale
        }
    }

    /// Purges by scope and tag: the late fill of something purged needs a lease from after the purge.
    private func purgeRefusal(of basis: EntryBasis, in namespace: NamespaceWatermarks?) -> Refusal? {
        let fill = basis.fillSequence
        let scopeFloor = max(namespace?.record.floors.scopes ?? 0, namespace?.scopes[basis.scope] ?? 0)
        if fill < scopeFloor { return .leaseRequired("scope:\(basis.scope)") }
        guard let first = basis.tags.first else { return nil }
        if fill < namespace?.record.floors.tags ?? 0 { return .leaseRequired("tag:\(first)") }
        for tag in basis.tags {
            if fill < namespace?.tags[Name(tag)] ?? 0 { return .leaseRequired("tag:\(tag)") }
        }
        // Not for ever, as when the fence is lifted the purges that are known count again.
        return fill < lossSequence ? .fenced("tag:\(first)", isTag: true) : nil
    }
}

extension DataVersion {
    /// As people write it in `depends-on`: `41`, `a1b2c3`; `unknown` when nothing is named. A generation follows as `41~position`.
    package var text: String {
        switch self {
        case .unnamed: "unknown"
        case .ordered(let version, .zero): String(version)
        case .ordered(let version, let generation): "\(version)~\(generation)"
        case .labelled(let label): label
        }
    }
}
