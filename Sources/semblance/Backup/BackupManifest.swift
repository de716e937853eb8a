import CacheAccess
import CacheEngine
import CacheModel
import CacheStorage
import FoundationEssentials

/// What lies beside a backup as `FILE.json`: what is in it, and how to tell whether it still is what was written.
struct BackupManifest: Hashable, Sendable, Codable {
    /// The version of the program that has made it.
    var semblance: String
    /// Of the beginning of the backup, RFC 3339.
    var madeAt: String
    var storeFormat: UInt32
    /// Incarnation and sequence of the last invalidation in it, as `semblance ping` shows them.
    var position: String
    var isFenced: Bool
    var namespaceCount: Int
    var entryCount: Int
    var watermarkCount: Int
    var byteCount: Int
    var sha256: String

    static func path(besides backup: String) -> String { backup + ".json" }

    /// - Returns: nil when there is none.
    /// - Throws: `invalid-argument` for one that is no manifest.
    static func read(besides backup: String) throws(CacheError) -> BackupManifest? {
        let path = path(besides: backup)
        guard FileBytes.exists(path) else { return nil }
        let bytes = try FileBytes.read(path, limitBytes: 1 << 20)
        do {
            return try JSONDecoder().decode(BackupManifest.self, from: Data(bytes))
        } catch {
            throw CacheError(
                .invalidArgument, "\(path) is not the manifest of a backup; without it the backup can be used as well",
                detail: ["path": path])
        }
    }

    /// - Throws: `storage-failed` or `storage-full`.
    func write(besides backup: String) throws(CacheError) {
        let file = try PendingFile(at: Self.path(besides: backup))
        let text = "{\n" + fields.map { "  \(JSONText.text($0.name).line): \($0.value.line)" }.joined(separator: ",\n")
        try file.write(Array((text + "\n}\n").utf8))
        try file.publish(replacing: true)
    }

    var fields: [JSONText.Field] {
        [
            .init("semblance", .text(semblance)), .init("madeAt", .text(madeAt)),
            .init("storeFormat", .integer(Int(storeFormat))), .init("position", .text(position)),
            .init("isFenced", .flag(isFenced)), .init("namespaceCount", .integer(namespaceCount)),
            .init("entryCount", .integer(entryCount)), .init("watermarkCount", .integer(watermarkCount)),
            .init("byteCount", .integer(byteCount)), .init("sha256", .text(sha256)),
        ]
    }
}

extension BackupManifest {
    init(_ summary: StoreSummary, madeAt: Timestamp, version: String, byteCount: Int, sha256: String) {
        self.init(
            semblance: version, madeAt: TimestampText.text(madeAt), storeFormat: summary.format,
            position: summary.position.description, isFenced: summary.isFenced,
            namespaceCount: summary.namespaceCount, entryCount: summary.entryCount,
            watermarkCount: summary.watermarkCount, byteCount: byteCount, sha256: sha256)
    }
}
