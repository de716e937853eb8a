import CacheEngine
import CacheModel
import CacheStorage
import VectorSearch

/// Looks at a store that nobody uses.
struct StoreExamination: Sendable {
    struct Report: Hashable, Sendable {
        var directory: String
        var walk: StoreWalk.Report
        var opening: OpeningReport
        var position: Position
        var elapsed: Duration
    }

    var directory: String
    var mapBytes: Int

    /// Does what the engine does when it opens the store: reads what it reads, removes the damaged entries that it would
    /// remove. A store that is damaged as a whole is not moved aside, and search indexes are read but not built.
    ///
    /// - Returns: how many damaged entries there were.
    /// - Throws: `store-damaged`, `store-locked`, `unsupported-format`, `storage-failed`; `invalid-argument` without a
    ///   store.
    func load(_ environment: [String: String]) throws(CacheError) -> Int {
        let configuration = try configuration(environment)
        let directory = try DataDirectory(path: configuration.directory)
        let loader = StoreLoader(configuration: configuration, directory: directory, loadsGenerations: false)
        return try loader.load().report.damagedEntryCount
    }

    /// Reads and verifies everything.
    ///
    /// - Throws: as `load`, `store-damaged` at the first damage, which stays as it is.
    func walk(_ environment: [String: String]) throws(CacheError) -> Report {
        let clock = ContinuousClock()
        let start = clock.now
        let configuration = try configuration(environment)
        let directory = try DataDirectory(path: configuration.directory)
        let walk = try walk(configuration, directory)
        // Now that every record is known to be whole: do they add up?
        let loaded = try StoreLoader(configuration: configuration, directory: directory).load()
        guard loaded.report.damagedEntryCount == 0 else {
            throw CacheError(
                .storeDamaged,
                "\(NumberText.count(loaded.report.damagedEntryCount, "entry", "entries")) could not be served")
        }
        return Report(
            directory: directory.path, walk: walk, opening: loaded.report, position: loaded.table.position,
            elapsed: clock.now - start)
    }

    /// The environment is closed again when this returns: one process must not have it open twice.
    private func walk(
        _ configuration: EngineConfiguration, _ directory: DataDirectory
    ) throws(CacheError) -> StoreWalk.Report {
        _ = try directory.prepareDataFile()
        let environment = try StorageEnvironment(directory: directory.path, options: configuration.storage)
        try FormatUpgrade.current.run(in: environment)
        return try StoreWalk(environment: environment).run()
    }

    private func configuration(_ environment: [String: String]) throws(CacheError) -> EngineConfiguration {
        // A directory is not made by looking at it.
        guard FileBytes.exists(directory + "/data.mdb") else {
            throw CacheError(.invalidArgument, "there is no store in \(directory)", detail: ["data": directory])
        }
        var configuration = EngineConfiguration(directory: directory, kernels: try Kernels(environment: environment))
        configuration.storage.mapBytes = mapBytes
        return configuration
    }
}

extension StoreExamination.Report {
    var lines: [String] {
        ["\(directory) is whole"]
            + TextTable.pairs([
                ("namespaces", NumberText.grouped(opening.namespaceCount)),
                ("entries", NumberText.grouped(walk.entryCount)), ("vectors", NumberText.grouped(walk.rowCount)),
                ("payloads", ByteCountText.text(bytes: walk.payloadBytes)),
                ("watermarks", NumberText.grouped(walk.watermarkCount)), ("position", position.description),
                ("fence", opening.isFenced ? "up" : "none"),
            ])
            + ["  \(NumberText.fixed(elapsed.seconds, digits: 2)) s"]
    }

    var json: JSONText {
        .fields([
            "data": .text(directory), "namespaceCount": .integer(opening.namespaceCount),
            "entryCount": .integer(walk.entryCount), "rowCount": .integer(walk.rowCount),
            "payloadBytes": .integer(walk.payloadBytes), "watermarkCount": .integer(walk.watermarkCount),
            "position": .text(position.description), "isFenced": .flag(opening.isFenced),
            "elapsedMicroseconds": .integer(elapsed.microseconds),
        ])
    }
}
