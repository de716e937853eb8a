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

/// Writes the file of a store anew that nobody uses.
struct CompactRun {
    struct Report {
        var directory: String
        var beforeBytes: Int
        var afterBytes: Int
        var summary: StoreSummary
        var elapsed: Duration
    }

    /// The new file's name, before it gets that of the old one.
    private static let newName = "compacted.mdb"

    var directory: String
    let progress: FileProgress
    var isUnwanted: () -> Bool = { false }

    /// - Throws: `store-locked` while a service or a backup uses the store; `storage-full` before anything is written;
    ///   `store-damaged`, `storage-failed`, `invalid-argument` without a store. The store has the same contents in any case.
    func run() throws(CacheError) -> Report {
        let clock = ContinuousClock()
        let start = clock.now
        _ = try BackupRun.dataFile(of: directory)
        let directory = try lock()
        let claim = try DataFileClaim(replacing: directory.dataFile)
        defer { withExtendedLifetime(claim) {} }
        _ = try directory.prepareDataFile()
        let beforeBytes = try FileBytes(directory.dataFile).size
        let newFile = directory.path + "/" + Self.newName
        let summary = try write(newFile, directory.path)
        guard !isUnwanted() else {
            unlink(newFile)
            throw CacheError(.internalError, "interrupted; the store is what it was")
        }
        _ = try directory.replaceDataFile(with: newFile, keepingOldAt: nil)
        return Report(
            directory: directory.path, beforeBytes: beforeBytes, afterBytes: try FileBytes(directory.dataFile).size,
            summary: summary, elapsed: clock.now - start)
    }

    private func lock() throws(CacheError) -> DataDirectory {
        do {
            return try DataDirectory(path: directory)
        } catch {
            guard error.code == .storeLocked, let process = error.detail["process"] else { throw error }
            throw CacheError(
                .storeLocked,
                "the store in \(directory) is in use by process \(process), and is compacted while nobody uses it; a running "
                    + "service fills free pages again by itself", detail: error.detail)
        }
    }

    /// Writes and checks the new file. The store is closed when this returns.
    private func write(_ newFile: String, _ folder: String) throws(CacheError) -> StoreSummary {
        let environment = try StorageEnvironment(directory: folder, options: StorageOptions(), access: .beside)
        let summary = try StoreSummary(of: environment)
        let bytes = try environment.copyBytes()
        try DiskSpace.require(bytes, in: folder)
        let file = try PendingFile(at: newFile)
        progress.begin("written", bytes: bytes)
        try WatchedWork.run { () throws(CacheError) in
            try environment.copy(to: file.descriptor, named: newFile)
        } look: {
            progress.show(bytes: file.size)
        }
        progress.end()
        try file.synchronize()
        let copy = try BackupFile.open(file.readingPath)
        guard try StoreSummary(of: copy) == summary else {
            throw CacheError(.storeDamaged, "the copy has other contents than the store")
        }
        try StoreWalk(environment: copy).run()
        try file.publish(replacing: true)
        return summary
    }
}

extension CompactRun.Report {
    var lines: [String] {
        ["compacted \(directory)"]
            + TextTable.pairs([
                ("before", ByteCountText.text(bytes: beforeBytes)), ("after", ByteCountText.text(bytes: afterBytes)),
                ("given back", ByteCountText.text(bytes: max(0, beforeBytes - afterBytes))),
                ("entries", NumberText.grouped(summary.entryCount)), ("position", summary.position.description),
            ])
            + ["  \(NumberText.fixed(elapsed.seconds, digits: 2)) s"]
    }

    var json: JSONText {
        .fields([
            "data": .text(directory), "beforeBytes": .integer(beforeBytes), "afterBytes": .integer(afterBytes),
            "entryCount": .integer(summary.entryCount), "position": .text(summary.position.description),
            "elapsedMicroseconds": .integer(elapsed.microseconds),
        ])
    }
}
