package import CacheModel

/// How much a store keeps, and what goes first when it has more.
package struct EvictionSettings: Hashable, Sendable {
    /// Entries of the whole store; nil for as many as fit.
    package var entryLimit: Int?
    /// Bytes of all entries, see `EntryFootprint`; nil for as many as the map holds.
    package var byteLimit: Int?
    /// Bytes of the entries of one namespace, by its name; entries of a namespace are limited by its own settings.
    package var namespaceByteLimits: [Name: Int] = [:]
    package var order = EvictionOrder.value

    package init() {}

    package var limitsStore: Bool { entryLimit != nil || byteLimit != nil }

    /// Whether a namespace has a limit of its own.
    package func limitsNamespace(_ name: String, _ settings: NamespaceSettings) -> Bool {
        settings.capacity != nil || (!namespaceByteLimits.isEmpty && namespaceByteLimits[Name(name)] != nil)
    }

    /// Whether entries of a namespace may have to make room.
    package func limits(_ name: String, _ settings: NamespaceSettings) -> Bool {
        limitsStore || limitsNamespace(name, settings)
    }
}

/// Which entries make room, after those that do not hold any more.
package enum EvictionOrder: String, CaseIterable, Sendable {
    /// Those that save least for the room that they take: the cost that a hit saves times how often they are hit.
    case value
    /// Those that were not asked for longest.
    case recency = "lru"
}

/// What a limit counts, and so what the value of an entry is measured against.
package enum EvictionUnit: Sendable {
    case entries
    case bytes
}
