package import CacheModel
package import CacheStorage
package import HashTreeCollections

/// What the store has been told about the data behind one namespace. A persistent value: a copy costs nothing and is a snapshot.
package struct NamespaceWatermarks: Sendable {
    package var record: NamespaceRecord
    package var sources: TreeDictionary<Name, WatermarkRecord> = [:]
    /// Sequence of the last purge, by tag and by scope.
    package var tags: TreeDictionary<Name, UInt64> = [:]
    package var scopes: TreeDictionary<Scope, UInt64> = [:]
    /// Sources announced to the present incarnation of a fenced store.
    package var announced: TreeSet<Name> = []

    package init(record: NamespaceRecord) { self.record = record }

    package var count: Int { sources.count + tags.count + scopes.count }

    package subscript(key: WatermarkKey) -> WatermarkRecord? {
        get {
            switch key {
            case .source(let source): sources[source]
            case .tag(let tag): tags[tag].map(Self.purged)
            case .scope(let scope): scopes[scope].map(Self.purged)
            }
        }
        set {
            switch key {
            case .source(let source): sources[source] = newValue
            case .tag(let tag): tags[tag] = newValue?.lastSequence
            case .scope(let scope): scopes[scope] = newValue?.lastSequence
            }
        }
    }

    /// A tag or a scope is a source that only ever gets bumped.
    private static func purged(at sequence: UInt64) -> WatermarkRecord {
        var record = WatermarkRecord()
        record.lastSequence = sequence
        record.floorSequence = sequence
        return record
    }

    /// Every key with the sequence of its last change.
    package var allKeys: [(key: WatermarkKey, lastSequence: UInt64)] {
        sources.map { (.source($0.key), $0.value.lastSequence) } + tags.map { (.tag($0.key), $0.value) }
            + scopes.map { (.scope($0.key), $0.value) }
    }
}

/// What a watermark is about, inside its namespace.
package enum WatermarkKey: Hashable, Sendable {
    case source(Name)
    case tag(Name)
    case scope(Scope)

    package func storageKey(_ namespace: NamespaceIdentifier) -> [UInt8] {
        switch self {
        case .source(let source): StorageKey.watermark(namespace, .source, Array(source.text.utf8))
        case .tag(let tag): StorageKey.watermark(namespace, .tag, Array(tag.text.utf8))
        case .scope(let scope):
            withUnsafeBytes(of: scope.fingerprint.bigEndian) { StorageKey.watermark(namespace, .scope, Array($0)) }
        }
    }
}
