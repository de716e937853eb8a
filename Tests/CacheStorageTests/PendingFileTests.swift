import CacheModel
import CacheStorage
import Foundation
import Testing

@Suite struct PendingFileTests {
    private let folder = TemporaryDirectory()
    private var place: String { folder.path + "/file" }

    private var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path) } }

    private func write(_ text: String, to file: PendingFile) throws {
        try file.write(Array(text.utf8))
    }

    @Test func aFileThatIsNotPublishedLeavesNothingBehind() throws {
        do {
            let file = try PendingFile(at: place)
            try write("some", to: file)
            #expect(file.size == 4)
            #expect(try Data(contentsOf: URL(filePath: file.readingPath)) == Data("some".utf8))
            #if os(Linux)
                // Were this process killed now, nothing would be left either.
                #expect(try names.isEmpty)
            #endif
        }
        #expect(try names.isEmpty)
    }

    @Test func whatIsPublishedIsThereForItsOwnerAlone() throws {
        let file = try PendingFile(at: place)
        try write("whole", to: file)
        try file.publish(replacing: false)
        #expect(try folder.bytes(of: "file") == Array("whole".utf8))
        #expect(try folder.mode(of: "file") == 0o600)
        #expect(try names == ["file"])
    }

    @Test func whatIsThereIsReplacedOnlyOnRequest() throws {
        try folder.write([1], to: "file")
        let file = try PendingFile(at: place)
        try write("new", to: file)
        do throws(CacheError) {
            try file.publish(replacing: false)
            Issue.record("the file was replaced")
        } catch { #expect(error.code == .invalidArgument) }
        #expect(try folder.bytes(of: "file") == [1])
        try file.publish(replacing: true)
        #expect(try folder.bytes(of: "file") == Array("new".utf8))
        #expect(try names == ["file"])
    }

    @Test func withoutAFolderThereIsNoFile() {
        #expect(throws: CacheError.self) { try PendingFile(at: folder.path + "/nowhere/file") }
    }

    @Test func nobodyReplacesADataFileThatIsBeingCopied() throws {
        try folder.write([1], to: "file")
        let copying = try DataFileClaim(copying: place)
        let another = try DataFileClaim(copying: place)
        withExtendedLifetime((copying, another)) {
            do throws(CacheError) {
                _ = try DataFileClaim(replacing: place)
                Issue.record("it would be replaced")
            } catch { #expect(error.code == .storeLocked) }
        }
    }

    @Test func nobodyCopiesADataFileThatIsBeingReplaced() throws {
        try folder.write([1], to: "file")
        do {
            let replacing = try DataFileClaim(replacing: place)
            withExtendedLifetime(replacing) {
                do throws(CacheError) {
                    _ = try DataFileClaim(copying: place)
                    Issue.record("it would be copied")
                } catch { #expect(error.code == .storeLocked) }
            }
        }
        _ = try DataFileClaim(copying: place)
    }
}
