import CacheModel
import CacheStorage
import Foundation
import Testing

/// Copies, and what may be read of them.
@Suite struct StoreCopyTests {
    private let folder = TemporaryDirectory()
    private let copies = TemporaryDirectory()

    private func fill(_ environment: StorageEnvironment, _ count: UInt8) throws {
        let writer = try environment.beginWrite()
        for key in 0..<count { try writer.put(.payloads, [key], [UInt8](repeating: key, count: 20_000)) }
        try writer.commit(.entries)
    }

    @Test func aCopyHasWhatIsStoredAndNoFreePages() throws {
        let environment = try folder.environment()
        try fill(environment, 60)
        let writer = try environment.beginWrite()
        for key in UInt8(0)..<50 { try writer.delete(.payloads, [key]) }
        try writer.commit(.entries)
        let file = try PendingFile(at: copies.path + "/copy")
        try environment.copy(to: file.descriptor, named: file.place)
        #expect(file.size < environment.usage().usedBytes / 3)
        #expect(abs(try environment.copyBytes() - file.size) <= 64 << 10, "it is known before how large it gets")
        try file.publish(replacing: false)
        #expect(try DataFile.checkHeader(of: file.place) == file.size)
        let copy = try StorageEnvironment(directory: file.place, options: StorageOptions(), access: .copy)
        let reader = try copy.beginRead()
        #expect(try reader.recordCount(.payloads) == 10)
        #expect(try reader.value(.payloads, [55])?.count == 20_000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: copies.path) == ["copy"], "no lock file")
        #expect(throws: CacheError.self) { try copy.beginWrite() }
    }

    @Test func tablesThatAnEarlierFormatDidNotHaveAreEmpty() throws {
        // A store in which no table was ever made, as LMDB itself creates it.
        try StorageFixture.empty(at: folder.path)
        let environment = try StorageEnvironment(directory: folder.path, options: StorageOptions(), access: .beside)
        let reader = try environment.beginRead()
        for table in Table.allCases {
            #expect(try reader.recordCount(table) == 0)
            #expect(try reader.value(table, [1]) == nil)
            try reader.forEach(table) { (_, _) throws(CacheError) in
                Issue.record("there is nothing in \(table)")
                return false
            }
        }
    }

    @Test func aFileThatIsCutOffIsDamaged() throws {
        let environment = try folder.environment()
        try fill(environment, 20)
        let file = try PendingFile(at: copies.path + "/copy")
        try environment.copy(to: file.descriptor, named: file.place)
        try file.publish(replacing: false)
        let bytes = try copies.bytes(of: "copy")
        for length in [bytes.count - 1, bytes.count / 2, 8_192, 100, 0] {
            try copies.write(Array(bytes[..<length]), to: "copy")
            do throws(CacheError) {
                _ = try DataFile.checkHeader(of: file.place)
                Issue.record("\(length) bytes are enough")
            } catch { #expect(error.code == .storeDamaged) }
        }
    }

    @Test func theOldestSnapshotIsKnown() throws {
        let environment = try folder.environment()
        #expect(environment.oldestReader == nil)
        let first = try environment.beginRead()
        try fill(environment, 1)
        let second = try environment.beginRead()
        #expect(first.commitNumber < second.commitNumber)
        #expect(environment.oldestReader == first.commitNumber)
        withExtendedLifetime((first, second)) {}
    }

    @Test func anotherDataFileTakesThePlaceAndTheOldOneIsKept() throws {
        do { try fill(try folder.environment(), 3) }
        let directory = try DataDirectory(path: folder.path)
        let newFile = try PendingFile(at: folder.path + "/new.mdb")
        do {
            let other = try copies.environment()
            try fill(other, 9)
            try other.copy(to: newFile.descriptor, named: newFile.place)
        }
        try newFile.publish(replacing: false)
        let kept = try #require(
            try directory.replaceDataFile(with: newFile.place, keepingOldAt: Timestamp(milliseconds: 7)))
        #expect(kept == folder.path + "/replaced-7")
        func count(_ path: String) throws -> Int {
            try StorageEnvironment(directory: path, options: StorageOptions(mapBytes: 64 << 20)).beginRead()
                .recordCount(.payloads)
        }
        #expect(try count(folder.path) == 9)
        #expect(try count(kept) == 3)
        #expect(!FileManager.default.fileExists(atPath: newFile.place))
    }
}
