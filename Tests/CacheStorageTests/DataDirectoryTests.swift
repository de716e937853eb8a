import CacheModel
import CacheStorage
import Foundation
import Testing

@Suite struct DataDirectoryTests {
    private static func failure<Value>(_ body: () throws(CacheError) -> Value) -> CacheError? {
        do { _ = try body() } catch { return error }
        return nil
    }

    @Test func theDirectoryIsMadeWithItsParentsAndNobodyElseMayReadIt() throws {
        let folder = TemporaryDirectory()
        let directory = try DataDirectory(path: folder.path + "/a/b/store")
        let environment = try StorageEnvironment(directory: directory.path, options: StorageOptions(mapBytes: 1 << 20))
        for made in ["a", "a/b", "a/b/store"] { #expect(try folder.mode(of: made) == 0o700) }
        for file in ["semblance.lock", "reserve", "data.mdb", "lock.mdb"] {
            #expect(try folder.mode(of: "a/b/store/" + file) == 0o600, "\(file)")
        }
        withExtendedLifetime(environment) {}
    }

    @Test func aDirectoryThatCannotBeMadeIsAnErrorWithItsName() throws {
        let folder = TemporaryDirectory()
        try folder.write([1], to: "file")
        let error = Self.failure { () throws(CacheError) in try DataDirectory(path: folder.path + "/file/store") }
        #expect(error?.code == .storageFailed)
        #expect(error?.message.contains(folder.path + "/file") == true)
    }

    /// A lock belongs to an open file and not to a process, so the same process is kept out as another one is.
    @Test func aStoreInUseIsRefusedWithTheProcessThatUsesIt() throws {
        let folder = TemporaryDirectory()
        let first = try DataDirectory(path: folder.path)
        let error = Self.failure { () throws(CacheError) in try DataDirectory(path: folder.path) }
        #expect(error?.code == .storeLocked)
        #expect(error?.detail["process"] == String(ProcessInfo.processInfo.processIdentifier))
        first.release()
        first.release()
        let second = try DataDirectory(path: folder.path)
        #expect(Self.failure { () throws(CacheError) in try DataDirectory(path: folder.path) }?.code == .storeLocked)
        second.release()
    }

    @Test func aForgottenDirectoryIsUnlocked() throws {
        let folder = TemporaryDirectory()
        do { _ = try DataDirectory(path: folder.path) }
        #expect(Self.failure { () throws(CacheError) in try DataDirectory(path: folder.path) } == nil)
    }

    @Test func theReserveOccupiesSpaceAndGivesItBack() throws {
        let folder = TemporaryDirectory()
        let directory = try DataDirectory(path: folder.path)
        #expect(try folder.bytes(of: "reserve").count == 4 << 20)
        directory.releaseReserve()
        #expect(try folder.bytes(of: "reserve").isEmpty)
        directory.keepReserve()
        #expect(try folder.bytes(of: "reserve").count == 4 << 20)
    }

    @Test func quarantineMovesTheFilesAsTheyAreAndNeverOntoAnEarlierOne() throws {
        let folder = TemporaryDirectory()
        let directory = try DataDirectory(path: folder.path)
        var places: Set<String> = []
        for content in 1...3 as ClosedRange<UInt8> {
            try folder.write([content], to: "data.mdb")
            try folder.write([content], to: "lock.mdb")
            #expect(directory.holdsStore)
            let place = try directory.quarantine(at: Timestamp(milliseconds: 5))
            places.insert(place)
            #expect(!directory.holdsStore)
            #expect(try Data(contentsOf: URL(filePath: place + "/data.mdb")) == Data([content]))
            #expect(try Data(contentsOf: URL(filePath: place + "/lock.mdb")) == Data([content]))
        }
        #expect(places.count == 3)
        #expect(try folder.mode(of: "quarantine-5") == 0o700)
    }
}
