import CacheModel
import CacheStorage
import Foundation

/// A folder of a test's own, gone with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "semblance-storage-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func environment(mapBytes: Int = 64 << 20, durability: Durability = .sync) throws -> StorageEnvironment {
        try StorageEnvironment(directory: path, options: StorageOptions(mapBytes: mapBytes, durability: durability))
    }

    func bytes(of file: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path + "/" + file))) }

    func write(_ bytes: [UInt8], to file: String) throws {
        try Data(bytes).write(to: URL(filePath: path + "/" + file))
    }

    /// Permission bits of a file in the folder, or of the folder itself.
    func mode(of file: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + file)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }
}
