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

    /// Reads what the engine reads when it opens the store, and no more. A damaged store is not moved aside.
    ///
    /// - Throws: `store-damaged`, `store-locked`, `unsupported-format`, `storage-failed`; `invalid-argument` without a
    /// store.
    @discardableResult
    func load(_ environment: [String: String]) throws(CacheError) -> LoadedStore {
        // A directory is not made by looking at it.
        guard FileBytes.exists(directory + "/data.mdb") else {
            throw CacheError(.invalidArgument, "there is no store in \(directory)", detail: ["data": directory])
        }
        var configuration = EngineConfiguration(directory: directory, kernels: try Kernels(environment: environment))
        configuration.storage.mapBytes = mapBytes
        return try StoreLoader(configuration: configuration, directory: try DataDirectory(path: directory)).load()
    }

    /// Reads and verifies everything.
    ///
    /// - Throws: as `load`, `store-damaged` at the first damage.
    func walk(_ environment: [String: String]) throws(CacheError) -> Report {
        let clock = ContinuousClock()
        let start = clock.now
        let loaded = try load(environment)
        let walk = try StoreWalk(environment: loaded.environment).run()
        guard loaded.report.damagedEntryCount == 0 else {
            throw CacheError(
                .storeDamaged,
                "\(NumberText.count(loaded.report.damagedEntryCount, "entry", "entries")) cannot be served")
        }
        return Report(
            directory: directory, walk: walk, opening: loaded.report, position: loaded.table.position,
            elapsed: clock.now - start)
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
