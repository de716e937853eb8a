import CacheModel
import CacheStorage
import Testing

/// What inserts may still use is counted before they are tried.
@Suite struct FreeSpaceTests {
    private let folder = TemporaryDirectory()
    private static let mapBytes = 4 << 20

    private static func change(
        _ environment: StorageEnvironment, _ body: (WriteTransaction) throws(CacheError) -> Void
    ) throws {
        let writer = try environment.beginWrite()
        try body(writer)
        try writer.commit(.entries)
    }

    private static func available(_ environment: StorageEnvironment, oldestReader: Int = .max) throws -> Int {
        let writer = try environment.beginWrite()
        return try writer.availableBytes(oldestReader: oldestReader)
    }

    @Test func freedPagesCountAsSoonAsNoSnapshotMaySeeThem() throws {
        let environment = try folder.environment(mapBytes: Self.mapBytes)
        let start = try Self.available(environment)
        #expect(start > 3 << 20 && start <= Self.mapBytes)
        let size = 1 << 20
        try Self.change(environment) { (writer) throws(CacheError) in
            try writer.put(.payloads, [1], [UInt8](repeating: 1, count: size))
        }
        let full = try Self.available(environment)
        #expect((start - size - 64 << 10...start - size).contains(full))
        let reader = try environment.beginRead()
        try Self.change(environment) { (writer) throws(CacheError) in try writer.delete(.payloads, [1]) }
        // The snapshot still shows the pages; LMDB would not take them, and neither does the count.
        #expect(try Self.available(environment, oldestReader: reader.commitNumber) < full + size / 2)
        #expect(try Self.available(environment) > full + size - 64 << 10)
        #expect(try reader.value(.payloads, [1])?.count == size)
    }

    @Test func whatCountsAsAvailableCanBeUsed() throws {
        let environment = try folder.environment(mapBytes: Self.mapBytes)
        var stored: [UInt8] = []
        // Fill, free every value again, and look whether the same fits once more.
        for round in 0..<3 {
            let writer = try environment.beginWrite()
            let available = try writer.availableBytes(oldestReader: .max)
            // LMDB itself needs some pages for the trees and for the list of freed ones.
            let count = (available - 200 << 10) / (64 << 10)
            #expect(count >= 55, "round \(round)")
            for key in 0..<UInt8(count) {
                try writer.put(.payloads, [key], [UInt8](repeating: key, count: (64 << 10) - 16))
            }
            try writer.commit(.entries)
            stored = Array(0..<UInt8(count))
            try Self.change(environment) { (writer) throws(CacheError) in
                for key in stored { try writer.delete(.payloads, [key]) }
            }
            // One more commit, after which nothing keeps the freed pages.
            try Self.change(environment) { (writer) throws(CacheError) in try writer.put(.store, [0], [UInt8(round)]) }
        }
    }
}
