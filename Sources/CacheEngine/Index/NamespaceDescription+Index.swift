package import CacheModel
internal import CacheStorage

extension NamespaceSettings {
    /// Whether a request to create the namespace again changes nothing: what it leaves open agrees with everything.
    func agrees(with wanted: NamespaceSettings) -> Bool {
        (wanted.dimension == nil || wanted.dimension == dimension) && (wanted.model.isEmpty || wanted.model == model)
            && wanted.threshold == threshold && wanted.timeToLiveMilliseconds == timeToLiveMilliseconds
            && wanted.capacity == capacity
    }
}

extension NamespaceWatermarks {
    package func description(_ view: StoreView) -> NamespaceDescription {
        let index = record.content.flatMap { view[$0] }
        return NamespaceDescription(
            name: record.name, settings: record.settings, entryCount: index?.entryCount ?? 0,
            rowCount: index?.rowCount ?? 0, scopeCount: index?.scopes.count ?? 0, watermarkCount: count)
    }
}
