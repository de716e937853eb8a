package import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// A namespace that follows another knows all that the other one knows: what was announced to it and purged in it
/// before, and from then on every change in the transaction that makes it. So the copy of an entry is judged as the
/// entry is, although nobody announces anything to the namespace of the copy.
///
/// Sequences are the store's and not a namespace's, so a watermark means the same in both, and so does a lease.
extension WatermarkTable {
    /// Begins to follow, or ends it. What is known stays known.
    ///
    /// - Returns: the keys that have changed in the follower.
    /// - Throws: `invalid-argument` when the other namespace follows this one, directly or not.
    package mutating func follow(
        _ followed: NamespaceIdentifier?, by follower: NamespaceIdentifier
    ) throws(CacheError) -> [WatermarkKey] {
        guard var namespace = self[follower] else { throw CacheError(.internalError, "no such namespace identifier") }
        namespace.record.follows = followed
        guard let followed, let other = self[followed] else {
            self[follower] = namespace
            return []
        }
        var step: NamespaceIdentifier? = followed
        while let next = step {
            guard next != follower else {
                throw CacheError(
                    .invalidArgument, "a namespace cannot follow itself, nor one that follows it",
                    detail: ["field": "followed"])
            }
            step = self[next]?.record.follows
        }
        let floors = other.record.floors
        namespace.record.floors.sources = max(namespace.record.floors.sources, floors.sources)
        namespace.record.floors.tags = max(namespace.record.floors.tags, floors.tags)
        namespace.record.floors.scopes = max(namespace.record.floors.scopes, floors.scopes)
        var changed: [WatermarkKey] = []
        for (key, _) in other.allKeys where namespace.take(key, from: other) { changed.append(key) }
        for source in other.announced where namespace.takeAnnouncement(source) { changed.append(.source(source)) }
        self[follower] = namespace
        return changed
    }

    /// Hands what has changed in a namespace to all that follow it.
    ///
    /// - Returns: the namespaces that have changed by it.
    package mutating func pass(_ key: WatermarkKey, from identifier: NamespaceIdentifier) -> [NamespaceIdentifier] {
        guard let followers = followers[identifier], !followers.isEmpty, let other = self[identifier] else { return [] }
        var changed: [NamespaceIdentifier] = []
        for follower in followers {
            guard var namespace = self[follower] else { continue }
            var isChanged = namespace.take(key, from: other)
            if case .source(let source) = key, other.announced.contains(source), namespace.takeAnnouncement(source) {
                isChanged = true
            }
            guard isChanged else { continue }
            self[follower] = namespace
            changed.append(follower)
            changed += pass(key, from: follower)
        }
        return changed
    }
}

extension NamespaceWatermarks {
    /// - Returns: whether the other one knew more.
    fileprivate mutating func take(_ key: WatermarkKey, from other: NamespaceWatermarks) -> Bool {
        guard let news = other[key] else { return false }
        let own = self[key]
        let merged = own?.merged(with: news) ?? news
        guard merged != own else { return false }
        self[key] = merged
        return true
    }

    fileprivate mutating func takeAnnouncement(_ source: Name) -> Bool {
        guard !announced.contains(source), announced.count < Limits.watermarksPerNamespace else { return false }
        announced.insert(source)
        return true
    }
}

extension WatermarkRecord {
    /// What is known of a source by whoever was told both. Where the two differ in what holds, the one that lets less
    /// be served wins: the later kind and label, the higher version, the higher floor.
    package func merged(with other: WatermarkRecord) -> WatermarkRecord {
        let (newer, older) = other.lastSequence > lastSequence ? (other, self) : (self, other)
        var merged = newer
        merged.floorSequence = max(newer.floorSequence, older.floorSequence)
        switch (newer.kind, older.kind) {
        case (.ordered(let version, let generation), .ordered(let other, let otherGeneration))
        where generation == otherGeneration && other > version:
            merged.kind = .ordered(version: other, generation: generation)
        // The newer one was only ever bumped: what was named before it is all that is known.
        case (nil, .ordered): merged.kind = older.kind
        case (nil, .labelled): merged.kind = .labelled(nil)
        default: break
        }
        return merged
    }
}
