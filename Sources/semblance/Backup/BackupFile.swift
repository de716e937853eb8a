import CacheEngine
import CacheModel
import CacheStorage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A backup as somebody finds it.
struct BackupFile {
    let path: String
    let byteCount: Int
    /// Nil when none lies beside it: then the store's own checksums have to do.
    let manifest: BackupManifest?

    /// - Throws: `invalid-argument` for what cannot be read, `store-damaged` for what is no backup, or not the one that the
    ///   manifest tells of.
    init(_ path: String) throws(CacheError) {
        self.path = path
        byteCount = try FileBytes(path).size
        _ = try DataFile.checkHeader(of: path)
        manifest = try BackupManifest.read(besides: path)
        if let manifest, manifest.byteCount != byteCount {
            throw CacheError(
                .storeDamaged, "\(path) has \(byteCount) bytes, and its manifest says \(manifest.byteCount)",
                detail: ["path": path])
        }
    }

    /// Reads all of it.
    ///
    /// - Throws: `store-damaged` when it is not what was written.
    func checkDigest(
        _ progress: FileProgress, visit: (_ piece: [UInt8]) throws(CacheError) -> Void = { _ in }
    ) throws(CacheError) {
        let sha256 = try FileDigest.of(try FileBytes(path)) { piece, end throws(CacheError) in
            try visit(piece)
            progress.show(bytes: end)
        }
        guard let manifest, manifest.sha256 != sha256 else { return }
        throw CacheError(
            .storeDamaged, "\(path) is not what was written: its SHA-256 is another one than its manifest says",
            detail: ["expected": manifest.sha256, "got": sha256])
    }

    /// The store in a backup, which is only read.
    static func open(_ path: String) throws(CacheError) -> StorageEnvironment {
        _ = try DataFile.checkHeader(of: path)
        return try StorageEnvironment(directory: path, options: StorageOptions(), access: .copy)
    }

    static func removeManifest(besides path: String) throws(CacheError) {
        let manifest = BackupManifest.path(besides: path)
        guard unlink(manifest) == 0 || errno == ENOENT else { throw StorageFailure.system("removing \(manifest)") }
    }
}

/// Everything in a backup, verified: `semblance check --backup`.
struct BackupExamination {
    struct Report {
        var path: String
        var hasManifest: Bool
        var summary: StoreSummary
        var walk: StoreWalk.Report
        var elapsed: Duration
    }

    var path: String
    let progress: FileProgress

    /// - Throws: as `BackupFile` and `StoreWalk` do.
    func run() throws(CacheError) -> Report {
        let clock = ContinuousClock()
        let start = clock.now
        let backup = try BackupFile(path)
        progress.begin("read", bytes: backup.byteCount)
        try backup.checkDigest(progress)
        progress.end()
        let environment = try BackupFile.open(path)
        let summary = try StoreSummary(of: environment)
        let walk = try StoreWalk(environment: environment).run()
        return Report(
            path: path, hasManifest: backup.manifest != nil, summary: summary, walk: walk, elapsed: clock.now - start)
    }
}

extension BackupExamination.Report {
    var lines: [String] {
        ["\(path) is whole"]
            + TextTable.pairs([
                ("format", "\(summary.format)"), ("namespaces", NumberText.grouped(summary.namespaceCount)),
                ("entries", NumberText.grouped(walk.entryCount)), ("vectors", NumberText.grouped(walk.rowCount)),
                ("payloads", ByteCountText.text(bytes: walk.payloadBytes)),
                ("watermarks", NumberText.grouped(walk.watermarkCount)), ("position", summary.position.description),
                ("fence", summary.isFenced ? "up" : "none"),
                ("manifest", hasManifest ? "agrees" : "none, so only the checksums inside were compared"),
            ])
            + ["  \(NumberText.fixed(elapsed.seconds, digits: 2)) s"]
    }

    var json: JSONText {
        .fields([
            "backup": .text(path), "hasManifest": .flag(hasManifest), "storeFormat": .integer(Int(summary.format)),
            "namespaceCount": .integer(summary.namespaceCount), "entryCount": .integer(walk.entryCount),
            "rowCount": .integer(walk.rowCount), "payloadBytes": .integer(walk.payloadBytes),
            "watermarkCount": .integer(walk.watermarkCount), "position": .text(summary.position.description),
            "isFenced": .flag(summary.isFenced), "elapsedMicroseconds": .integer(elapsed.microseconds),
        ])
    }
}
