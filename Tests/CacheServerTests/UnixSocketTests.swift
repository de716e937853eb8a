import CacheModel
import CacheServer
import Foundation
import Testing

@Suite struct UnixSocketTests {
    @Test func aSocketThatNobodyListensOnIsReplaced() throws {
        let folder = try RunningServer.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "s").path
        // Bound, never listening, then closed: what a killed process leaves behind.
        let (stale, _) = try UnixSocket.bind(path)
        FileHandle(fileDescriptor: stale, closeOnDealloc: true).closeFile()
        #expect(FileManager.default.fileExists(atPath: path))
        let (descriptor, file) = try UnixSocket.bind(path)
        FileHandle(fileDescriptor: descriptor).closeFile()
        file.remove()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aSocketOfAnotherProcessIsNotRemoved() async throws {
        try await RunningServer.with(executor: FakeExecutor()) { server in
            guard case .unixSocket(let path) = server.unix else { return }
            let other = server.folder.appending(path: "other").path
            let (descriptor, file) = try UnixSocket.bind(other)
            FileHandle(fileDescriptor: descriptor).closeFile()
            try FileManager.default.removeItem(atPath: other)
            try FileManager.default.moveItem(atPath: path, toPath: other)
            file.remove()
            #expect(FileManager.default.fileExists(atPath: other))
            try FileManager.default.moveItem(atPath: other, toPath: path)
        }
    }

    @Test func whatIsNoSocketIsLeftAlone() throws {
        let folder = try RunningServer.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "s").path
        try Data("precious".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: CacheError.self) { _ = try UnixSocket.bind(path) }
        #expect(error?.code == .invalidConfiguration)
        #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
    }

    @Test func aFolderThatDoesNotExistIsAnErrorWithItsReason() throws {
        let error = #expect(throws: CacheError.self) { _ = try UnixSocket.bind("/nowhere/at/all/s") }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.detail["path"] == "/nowhere/at/all/s")
    }
}
