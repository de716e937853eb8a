import CacheModel
import CacheStorage
import Testing

/// The data file is examined before LMDB maps it, as an access beyond its end would kill the process.
@Suite struct DataFileTests {
    private let folder = TemporaryDirectory()

    /// A store with some pages in it, closed.
    private func makeStore() throws -> [UInt8] {
        do {
            let environment = try folder.environment()
            for number in 0..<4 as Range<UInt32> {
                let writer = try environment.beginWrite()
                try writer.put(
                    .blocks, StorageKey.block(ContentIdentifier(1), number), [UInt8](repeating: 7, count: 20_000))
                try writer.commit(.entries)
            }
        }
        return try folder.bytes(of: "data.mdb")
    }

    private func prepare(_ bytes: [UInt8]) throws -> Result<Bool, CacheError> {
        try folder.write(bytes, to: "data.mdb")
        let directory = try DataDirectory(path: folder.path)
        do throws(CacheError) { return .success(try directory.prepareDataFile()) } catch { return .failure(error) }
    }

    @Test func aWholeFileIsTakenAsItIs() throws {
        let bytes = try makeStore()
        #expect(try prepare(bytes) == .success(true))
        #expect(try folder.bytes(of: "data.mdb") == bytes)
    }

    @Test func anEmptyFileIsAnInterruptedCreation() throws {
        #expect(try prepare([]) == .success(true))
        let environment = try folder.environment()
        #expect(try environment.beginRead().recordCount(.entries) == 0)
    }

    @Test func aFileThatIsTooShortIsMadeAsLongAsItSays() throws {
        let bytes = try makeStore()
        for pages in [2, 3, 5, bytes.count / 4_096 - 1] {
            #expect(try prepare(Array(bytes.prefix(pages * 4_096))) == .success(false))
            #expect(try folder.bytes(of: "data.mdb").count == bytes.count)
            #expect(try folder.bytes(of: "data.mdb").prefix(pages * 4_096) == bytes.prefix(pages * 4_096))
        }
        #expect(try prepare(Array(bytes.dropLast())) == .success(false))
        #expect(try folder.bytes(of: "data.mdb").count == bytes.count)
    }

    @Test(arguments: [1, 15, 100, 151])
    func aFileTooShortForAMetaPageIsDamaged(count: Int) throws {
        let bytes = try makeStore()
        let outcome = try prepare(Array(bytes.prefix(count)))
        guard case .failure(let error) = outcome else { Issue.record("taken: \(outcome)"); return }
        #expect(error.code == .storeDamaged)
    }

    @Test func garbageIsDamaged() throws {
        var random = SeededGenerator(seed: 1)
        for count in [200, 4_096, 8_192, 50_000] {
            let outcome = try prepare((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            guard case .failure(let error) = outcome else { Issue.record("taken: \(outcome)"); return }
            #expect(error.code == .storeDamaged)
        }
    }

    @Test func theNewestMetaPageThatCanBeReadDecidesTheLength() throws {
        let bytes = try makeStore()
        for wrecked in [0, 4_096] {
            var damaged = bytes
            for offset in 0..<4_096 { damaged[wrecked + offset] = 0xA5 }
            // The other one knows at most the pages that there are.
            #expect(try prepare(damaged) == .success(true))
        }
    }

    /// The last page number stands at byte 136 of a meta page, the page size at byte 40.
    @Test(arguments: [(136, UInt64.max), (136, 1 << 62), (136, 1 << 50), (40, 0), (40, 1 << 31)] as [(Int, UInt64)])
    func aLengthThatCannotBeTrueIsDamaged(offset: Int, value: UInt64) throws {
        var bytes = try makeStore()
        for page in [0, 4_096] {
            for byte in 0..<(offset == 40 ? 4 : 8) {
                bytes[page + offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(byte * 8))
            }
        }
        let outcome = try prepare(bytes)
        guard case .failure(let error) = outcome else { Issue.record("taken: \(outcome)"); return }
        #expect(error.code == .storeDamaged)
        #expect(try folder.bytes(of: "data.mdb") == bytes)
    }

    @Test func whatIsNoLMDBFileIsRefusedByTheEnvironmentToo() throws {
        try folder.write([UInt8](repeating: 0x5A, count: 16_384), to: "data.mdb")
        do {
            _ = try folder.environment()
            Issue.record("the environment was opened")
        } catch let error as CacheError {
            #expect(error.code == .storeDamaged)
        }
    }
}
