package import Foundation
import Synchronization

/// A folder for what a benchmark writes, gone with `remove`.
package struct TemporaryFolder: Sendable {
    package let url: URL

    private static let all = Mutex<Set<URL>>([])

    package init(_ name: String) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        Self.all.withLock { _ = $0.insert(url) }
        self.url = url
    }

    package subscript(name: String) -> URL { url.appending(path: name) }

    package func remove() {
        try? FileManager.default.removeItem(at: url)
        Self.all.withLock { _ = $0.remove(url) }
    }

    /// For a benchmark that is broken off.
    package static func removeAll() {
        for url in all.withLock({ $0 }) { try? FileManager.default.removeItem(at: url) }
    }
}
