import ArgumentParser
import CacheEngine
import CacheModel
import CacheServer
import CacheStorage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Copies a store, which a service may use and change meanwhile.
struct BackupRun {
    enum Target {
        case file(path: String, replaces: Bool)
        /// A descriptor, whose other end nobody can check.
        case stream(CInt)
    }

    struct Report {
        var directory: String
        /// Nil for a stream.
        var path: String?
        /// Nil for a stream.
        var manifest: BackupManifest?
        /// Whether every record of the copy was read once more.
        var isVerified: Bool
        /// By how much the store's file has grown meanwhile.
        var growthBytes: Int
        var elapsed: Duration
    }

    var directory: String
    var target: Target
    /// Whether to read every record of the copy.
    var verifies = false
    var now = Timestamp.now
    let progress: FileProgress
    /// Asked again and again; when nobody wants the backup any more the process ends at once.
    var isUnwanted: () -> Bool = { false }

    /// - Throws: `invalid-argument` without a store or for a target that exists; `storage-full`, `storage-failed`,
    ///   `store-damaged`, `store-locked` while another store is put in its place.
    func run() throws(CacheError) -> Report {
        let clock = ContinuousClock()
        let start = clock.now
        let source = try Self.dataFile(of: directory)
        if case .file(let path, let replaces) = target { try Self.check(path, replaces: replaces) }
        let claim = try DataFileClaim(copying: source)
        defer { withExtendedLifetime(claim) {} }
        // That the file is shorter than it says is no damage here: a service writes such files, and lengthens them when it starts.
        let environment = try StorageEnvironment(directory: directory, options: StorageOptions(), access: .beside)
        let before = environment.usage().usedBytes
        var report = Report(
            directory: directory, path: nil, manifest: nil, isVerified: verifies, growthBytes: 0, elapsed: .zero)
        switch target {
        case .stream(let descriptor):
            try copy(environment, to: descriptor, named: "standard output", nil)
        case .file(let path, let replaces):
            report.path = path
            report.manifest = try backUp(environment, to: path, replaces: replaces)
        }
        report.growthBytes = max(0, environment.usage().usedBytes - before)
        report.elapsed = clock.now - start
        return report
    }

    private func backUp(
        _ environment: StorageEnvironment, to path: String, replaces: Bool
    ) throws(CacheError) -> BackupManifest {
        try DiskSpace.require(try environment.copyBytes(), in: PendingFile.folder(of: path))
        let file = try PendingFile(at: path)
        try copy(environment, to: file.descriptor, named: path, file)
        try file.synchronize()
        let manifest = try examine(file)
        if replaces {
            // At no time is there a manifest beside a backup that it does not tell of.
            try BackupFile.removeManifest(besides: path)
        }
        try file.publish(replacing: replaces)
        try manifest.write(besides: path)
        return manifest
    }

    private func copy(
        _ environment: StorageEnvironment, to descriptor: CInt, named name: String, _ file: PendingFile?
    ) throws(CacheError) {
        progress.begin("copied", bytes: try environment.copyBytes())
        defer { progress.end() }
        try WatchedWork.run { () throws(CacheError) in
            try environment.copy(to: descriptor, named: name)
        } look: {
            endIfUnwanted(file)
            if let file { progress.show(bytes: file.size) }
        }
    }

    private func endIfUnwanted(_ file: PendingFile?) {
        guard isUnwanted() else { return }
        file?.abandon()
        _exit(ErrorReport.Exit.failed.rawValue)
    }

    /// Reads what was written, from the disk where the system lets it.
    private func examine(_ file: PendingFile) throws(CacheError) -> BackupManifest {
        let bytes = try FileBytes(file.readingPath)
        progress.begin("checked", bytes: bytes.size)
        defer { progress.end() }
        let sha256 = try FileDigest.of(bytes) { _, end in
            endIfUnwanted(file)
            progress.show(bytes: end)
        }
        let copy = try BackupFile.open(file.readingPath)
        let summary = try StoreSummary(of: copy)
        if verifies { try StoreWalk(environment: copy).run() }
        endIfUnwanted(file)
        return BackupManifest(
            summary, madeAt: now, version: ServiceVersion.current, byteCount: bytes.size, sha256: sha256)
    }

    /// - Throws: `invalid-argument` when there is no store.
    static func dataFile(of directory: String) throws(CacheError) -> String {
        let path = directory + "/data.mdb"
        guard try FileBytes.kind(path) != .nothing else {
            throw CacheError(.invalidArgument, "there is no store in \(directory)", detail: ["data": directory])
        }
        return path
    }

    private static func check(_ path: String, replaces: Bool) throws(CacheError) {
        switch try FileBytes.kind(path) {
        case .nothing: return
        case .folder:
            throw CacheError(.invalidArgument, "\(path) is a folder; name a file in it", detail: ["path": path])
        case .file:
            guard replaces else {
                throw CacheError(
                    .invalidArgument, "\(path) exists already; --replace overwrites it", detail: ["path": path])
            }
        }
    }
}

extension BackupRun.Report {
    var lines: [String] {
        guard let path, let manifest else {
            return ["backed up \(directory) to standard output, \(NumberText.fixed(elapsed.seconds, digits: 2)) s"]
        }
        var pairs = manifest.pairs
        pairs.append(("manifest", BackupManifest.path(besides: path)))
        pairs.append(
            (
                "checked",
                isVerified
                    ? "every record" : "checksum of the file, header and watermarks; --verify checks every record"
            ))
        return ["backed up \(directory) to \(path)"] + TextTable.pairs(pairs)
            + [
                "  \(NumberText.fixed(elapsed.seconds, digits: 2)) s"
                    + (growthBytes > 0
                        ? ", in which the store's file grew by \(ByteCountText.text(bytes: growthBytes))" : "")
            ]
    }

    var json: JSONText {
        .object(
            [.init("data", .text(directory))] + (path.map { [.init("path", .text($0))] } ?? [])
                + (manifest?.fields ?? []) + [
                    .init("isVerified", .flag(isVerified)), .init("growthBytes", .integer(growthBytes)),
                    .init("elapsedMicroseconds", .integer(elapsed.microseconds)),
                ])
    }
}

extension BackupManifest {
    var pairs: [(name: String, value: String)] {
        [
            ("made", madeAt), ("entries", NumberText.grouped(entryCount)),
            ("namespaces", NumberText.grouped(namespaceCount)), ("watermarks", NumberText.grouped(watermarkCount)),
            ("position", position), ("fence", isFenced ? "up" : "none"),
            ("size", ByteCountText.text(bytes: byteCount)), ("sha256", sha256),
        ]
    }
}
