import CacheEngine
import CacheModel
import CacheStorage
import FoundationEssentials
import VectorSearch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Puts a backup in the place of a store that nobody uses.
///
/// What was invalidated since the backup was made is not known to it. So it gets a new incarnation, under which no lease from before
/// counts, and a fence, before it is put in its place: at no time is there a restored store that serves what it cannot vouch for.
struct RestoreRun {
    struct Report {
        var backup: BackupFile
        var directory: String
        var opening: OpeningReport
        var position: Position
        /// The folder of the store that was there before.
        var kept: String?
        var elapsed: Duration
    }

    var backup: String
    var directory: String
    /// Whether a store that is there already may be replaced.
    var replaces = false
    var environment: [String: String]
    let progress: FileProgress
    /// Asked again and again; nothing has changed when it was true.
    var isUnwanted: () -> Bool = { false }

    /// Files of a data directory that are no store.
    private static let known: Set<String> = [
        "semblance.lock", "lock.mdb", "reserve", "tokens.json", StagingFolder.name, "lost+found",
    ]

    /// - Throws: `store-damaged` for a backup that is not whole, `unsupported-format` for one of a newer version; `store-locked`
    ///   while a service or a backup uses the directory; `invalid-argument` for one that is in use otherwise; `storage-full`,
    ///   `storage-failed`. Unless it says otherwise, the directory's store is then what it was.
    func run() throws(CacheError) -> Report {
        let clock = ContinuousClock()
        let start = clock.now
        let backup = try BackupFile(backup)
        try checkDirectory()
        let directory = try DataDirectory(path: directory)
        let claim = directory.holdsStore ? try DataFileClaim(replacing: directory.dataFile) : nil
        defer { withExtendedLifetime(claim) {} }
        // A little more, as the restored store writes as well.
        try DiskSpace.require(backup.byteCount + (16 << 20), in: directory.path)
        let staging = try StagingFolder(in: directory.path)
        try copy(backup, to: staging)
        let (opening, position) = try fence(staging, backup.byteCount)
        try stopIfUnwanted()
        let kept = try directory.replaceDataFile(with: staging.dataFile, keepingOldAt: .now)
        return Report(
            backup: backup, directory: directory.path, opening: opening, position: position, kept: kept,
            elapsed: clock.now - start)
    }

    private func checkDirectory() throws(CacheError) {
        guard !replaces else { return }
        guard try FileBytes.kind(directory + "/data.mdb") == .nothing else {
            throw CacheError(
                .invalidArgument, "there is a store in \(directory); --replace keeps it aside and restores the backup",
                detail: ["data": directory])
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let others = names.filter { name in
            !Self.known.contains(name) && !name.hasPrefix("quarantine-") && !name.hasPrefix("replaced-")
        }
        guard let other = others.min() else { return }
        throw CacheError(
            .invalidArgument,
            "\(directory) is not empty, there is \(other) in it; --replace restores into it all the same and leaves that",
            detail: ["data": directory])
    }

    private func copy(_ backup: BackupFile, to staging: StagingFolder) throws(CacheError) {
        let file = try PendingFile(at: staging.dataFile)
        progress.begin("copied", bytes: backup.byteCount)
        try backup.checkDigest(progress) { piece throws(CacheError) in
            try stopIfUnwanted()
            try file.write(piece)
        }
        progress.end()
        try file.publish(replacing: false)
    }

    /// Reads every record, then begins a new incarnation, fenced.
    private func fence(
        _ staging: StagingFolder, _ byteCount: Int
    ) throws(CacheError) -> (OpeningReport, Position) {
        var configuration = EngineConfiguration(
            directory: staging.path, kernels: try Kernels(environment: environment))
        configuration.storage.mapBytes = max(Limits.mapBytes, byteCount + (1 << 30))
        configuration.isStrict = true
        configuration.isRestored = true
        let loaded = try StoreOpening(configuration).open()
        guard !loaded.report.isNew else {
            throw CacheError(.storeDamaged, "there is nothing in the backup, not even what a service writes first")
        }
        guard loaded.report.damagedEntryCount == 0 else {
            throw CacheError(
                .storeDamaged,
                "\(NumberText.count(loaded.report.damagedEntryCount, "entry", "entries")) in it could not be served")
        }
        return (loaded.report, loaded.table.position)
    }

    private func stopIfUnwanted() throws(CacheError) {
        guard isUnwanted() else { return }
        throw CacheError(.internalError, "interrupted; the store is what it was")
    }
}

/// Where a backup becomes a store, in the data directory, so that it can take the place of the one there at once.
private final class StagingFolder {
    static let name = "restoring"

    let path: String
    var dataFile: String { path + "/data.mdb" }

    /// What an interrupted restore has left goes first.
    init(in directory: String) throws(CacheError) {
        path = directory + "/" + Self.name
        remove()
        guard mkdir(path, 0o700) == 0 else { throw StorageFailure.system("creating \(path)") }
    }

    deinit { remove() }

    private func remove() { try? FileManager.default.removeItem(atPath: path) }
}

extension RestoreRun.Report {
    var lines: [String] {
        let incarnation = position.incarnation.hexadecimal
        var pairs = [
            ("entries", NumberText.grouped(opening.entryCount)),
            ("namespaces", NumberText.grouped(opening.namespaceCount)), ("position", position.description),
            ("fence", "up"),
        ]
        if let made = backup.manifest?.madeAt { pairs.insert(("made", made), at: 0) }
        if let kept {
            pairs.append(("replaced", "\(kept) keeps the store that was there; remove it when you are sure"))
        }
        if backup.manifest == nil { pairs.append(("manifest", "none, so only the checksums inside were compared")) }
        return ["restored \(backup.path) to \(directory)"] + TextTable.pairs(pairs) + [
            "  \(NumberText.fixed(elapsed.seconds, digits: 2)) s",
            "What has changed since the backup is not known here. Answers that depend on a source are refused until it is",
            "announced again with `semblance invalidate SOURCE@VERSION --incarnation \(incarnation)`, or until",
            "`semblance fence lift`. Repeat what was purged and dropped since: it is back, and the fence does not hold what",
            "depends on nothing.",
        ]
    }

    var json: JSONText {
        .fields([
            "backup": .text(backup.path), "data": .text(directory), "madeAt": backup.manifest.map { .text($0.madeAt) },
            "namespaceCount": .integer(opening.namespaceCount), "entryCount": .integer(opening.entryCount),
            "position": .text(position.description), "isFenced": true, "replaced": kept.map { .text($0) },
            "hasManifest": .flag(backup.manifest != nil), "elapsedMicroseconds": .integer(elapsed.microseconds),
        ])
    }
}
