internal import CacheModel
internal import CacheStorage

/// Which parts of the watermark table the disk does not have yet.
struct WatermarkChanges {
    private(set) var keys: [NamespaceIdentifier: Set<WatermarkKey>] = [:]
    /// The store's record alone, as when the fence is lifted.
    var includesStore = false

    var isEmpty: Bool { keys.isEmpty && !includesStore }

    /// The namespace's own record counts as changed with any of its keys.
    mutating func insert(_ key: WatermarkKey, _ namespace: NamespaceIdentifier) {
        keys[namespace, default: []].insert(key)
    }

    /// The namespace's own record alone, as when it is dropped.
    mutating func insert(_ namespace: NamespaceIdentifier) {
        if keys[namespace] == nil { keys[namespace] = [] }
    }

    /// Writes the difference between what the disk has and what it shall have, and keeps the digest in step.
    func write(from old: WatermarkTable, to new: WatermarkTable, with editor: StoreEditor) throws(CacheError) {
        for (identifier, keys) in keys {
            for key in keys {
                try writeWatermark(key.storageKey(identifier), old[identifier]?[key], new[identifier]?[key], editor)
                if case .source(let source) = key { try writeAnnouncement(source, identifier, old, new, editor) }
            }
            try writeNamespace(identifier, old, new, editor)
        }
        if old.isFenced, !new.isFenced { try editor.transaction.removeAll(.announcements) }
        editor.store.sequence = new.sequence
        editor.store.isFenced = new.isFenced
        editor.store.lossSequence = new.lossSequence
    }

    private func writeWatermark(
        _ key: [UInt8], _ old: WatermarkRecord?, _ new: WatermarkRecord?, _ editor: StoreEditor
    ) throws(CacheError) {
        guard old != new else { return }
        if let old { editor.store.digest.remove(key: key, record: old.encoded()) }
        guard let new else {
            try editor.transaction.delete(.watermarks, key)
            return
        }
        let record = new.encoded()
        editor.store.digest.add(key: key, record: record)
        try editor.transaction.put(.watermarks, key, record)
    }

    private func writeAnnouncement(
        _ source: Name, _ identifier: NamespaceIdentifier, _ old: WatermarkTable, _ new: WatermarkTable,
        _ editor: StoreEditor
    ) throws(CacheError) {
        guard new[identifier]?.announced.contains(source) == true, old[identifier]?.announced.contains(source) != true
        else { return }
        try editor.transaction.put(.announcements, StorageKey.announcement(identifier, source.text), [1])
    }

    private func writeNamespace(
        _ identifier: NamespaceIdentifier, _ old: WatermarkTable, _ new: WatermarkTable, _ editor: StoreEditor
    ) throws(CacheError) {
        guard let record = new[identifier]?.record, record != old[identifier]?.record else { return }
        if let content = old[identifier]?.record.content, content != record.content { try editor.discard(content) }
        let key = StorageKey.namespace(identifier)
        if let old = old[identifier]?.record, old.isInDigest {
            editor.store.digest.remove(key: key, record: old.digestBytes())
        }
        if record.isInDigest { editor.store.digest.add(key: key, record: record.digestBytes()) }
        try editor.transaction.put(.namespaces, key, record.encoded(identifier))
    }
}
