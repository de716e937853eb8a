import Foundation
import Testing

/// The folder that this test was compiled in: sources, documents and scripts as they are in the working tree.
enum Repository {
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Folders that hold what was made here or installed, not what was written.
    private static let skippedFolders: Set<String> = ["var", "__pycache__", "node_modules"]

    /// All files with one of these extensions in a folder and below, in order of their paths; hidden ones are left out.
    static func files(in folder: String = "", withExtensions extensions: Set<String>) -> [RepositoryFile] {
        let start = folder.isEmpty ? root : root.appending(path: folder, directoryHint: .isDirectory)
        let found = FileManager.default.enumerator(
            at: start, includingPropertiesForKeys: [.isDirectoryKey], options: [.skipsHiddenFiles])
        var files: [RepositoryFile] = []
        while let url = found?.nextObject() as? URL {
            if skippedFolders.contains(url.lastPathComponent) {
                found?.skipDescendants()
            } else if extensions.contains(url.pathExtension) {
                files.append(RepositoryFile(path: path(of: url)))
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    /// The names of the folders directly in a folder.
    static func folders(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            at: root.appending(path: folder), includingPropertiesForKeys: [.isDirectoryKey],
            options: [.skipsHiddenFiles]
        )
        .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
        .map(\.lastPathComponent).sorted()
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    /// True for a regular file that everybody may execute.
    static func isExecutableFile(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: root.appending(path: path).path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return false }
        return (attributes?[.posixPermissions] as? NSNumber).map { $0.intValue & 0o111 == 0o111 } ?? false
    }

    private static func path(of url: URL) -> String {
        String(url.resolvingSymlinksInPath().path.dropFirst(root.path.count + (root.path.hasSuffix("/") ? 0 : 1)))
    }
}

/// A file named by its path from the repository's root.
struct RepositoryFile: Hashable, Sendable, CustomTestStringConvertible {
    var path: String

    var testDescription: String { path }
    var url: URL { Repository.root.appending(path: path) }

    /// `Sources/CacheModel/Scope.swift` is of the target `CacheModel`; nil for a file that is in no target's folder.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : nil
    }

    func text() throws -> String { try String(contentsOf: url, encoding: .utf8) }
}
