import CacheAccess
import CacheModel
import Foundation
import Testing

@Suite struct TokenFileTests {
    private let folder: String
    private let file: TokenFile
    private let now = Timestamp(milliseconds: 1_780_000_000_000)

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/semblance-tokens-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        file = TokenFile(path: folder + "/tokens.json")
    }

    private func create(_ name: String) throws {
        try file.update { list throws(CacheError) in
            try list.create(
                name, scopes: .all, namespaces: [.all], token: .random(), lifetimeMilliseconds: nil, now: now)
        }
    }

    private func setMode(_ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    }

    @Test func whereThereIsNoFileThereIsNone() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try file.load() == nil)
        #expect(file.stamp() == nil)
    }

    @Test func aFileIsItsOwnersAloneAndNothingIsLeftBesideIt() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try create("a")
        try create("b")
        #expect(try file.load()?.list.records.map(\.name) == ["a", "b"])
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["tokens.json"])
    }

    @Test(arguments: [0o644, 0o640, 0o602, 0o660])
    func aFileThatOthersMayReadOrWriteIsRefused(_ mode: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try create("a")
        try setMode(mode)
        let error = #expect(throws: CacheError.self) { try file.load() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("chmod 600") == true)
        // Nor is it changed behind its owner's back.
        #expect(throws: CacheError.self) { try create("b") }
        try setMode(0o400)
        #expect(try file.load()?.list.records.count == 1)
    }

    @Test func everyChangeShowsInTheStamp() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try create("a")
        let first = try #require(try file.load())
        #expect(file.stamp() == first.stamp)
        try create("b")
        #expect(file.stamp() != first.stamp)
        let second = file.stamp()
        try setMode(0o644)
        #expect(file.stamp() != second)
    }

    @Test func aChangeThatFailsChangesNothing() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try create("a")
        let stamp = file.stamp()
        #expect(throws: CacheError.self) { try create("a") }
        #expect(file.stamp() == stamp)
        try Data("{".utf8).write(to: URL(filePath: file.path))
        try setMode(0o600)
        #expect(throws: CacheError.self) { try create("b") }
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "{")
    }

    @Test func changesAtTheSameTimeAreAllKept() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 { group.addTask { try create("t\(number)") } }
            try await group.waitForAll()
        }
        #expect(try file.load()?.list.records.count == 12)
    }
}
