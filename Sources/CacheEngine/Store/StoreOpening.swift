package import CacheModel
package import CacheStorage

/// Opens a store whatever state it is in: a damaged one is moved aside and an empty, fenced one takes its place, because a cache
/// may forget, but never lie.
package struct StoreOpening {
    let configuration: EngineConfiguration
    package let directory: DataDirectory

    /// - Throws: `store-locked`, `storage-failed`.
    package init(_ configuration: EngineConfiguration) throws(CacheError) {
        self.configuration = configuration
        directory = try DataDirectory(path: configuration.directory)
    }

    /// - Throws: `unsupported-format`, `storage-failed`, `storage-full`; `store-damaged` only when opening strictly.
    package func open() throws(CacheError) -> LoadedStore {
        let loader = StoreLoader(configuration: configuration, directory: directory)
        var loaded: LoadedStore
        do {
            loaded = try loader.load()
        } catch {
            guard error.code == .storeDamaged, !configuration.isStrict else { throw error }
            return try startAnew(after: error)
        }
        if configuration.isRestored, !loaded.report.isNew { try loader.fence(&loaded) }
        return loaded
    }

    /// Moves the damaged store aside and opens an empty one, fenced: what was known of the sources is gone with it.
    package func startAnew(after damage: CacheError) throws(CacheError) -> LoadedStore {
        let place = try directory.quarantine(at: configuration.clock.now)
        let loader = StoreLoader(configuration: configuration, directory: directory)
        var loaded = try loader.load()
        try loader.fence(&loaded)
        loaded.report.quarantinedTo = place
        loaded.report.damage = damage
        return loaded
    }
}
