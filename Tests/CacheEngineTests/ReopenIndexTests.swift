import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Testing
import VectorSearch

/// The search index in `Tests/Fixtures/stores/format-2`, written once by the first version that had one, is read by this one:
/// bytes that were taken for other sketches would rule out rows that match.
@Suite struct ReopenIndexTests {
    private static let folder = FormatFixture.folder.deletingLastPathComponent().appending(path: "format-2")
    private static let namespace = "indexed"
    private static let dimension = 32
    private static let content = ContentIdentifier(1)
    private static let generation: UInt32 = 3

    private static func components(_ number: Int) -> [Float] {
        (0..<dimension).map { Float(($0 * $0 * 7 + number * (31 + $0)) % 97) - 48 }
    }

    /// A row of every group near each other, so that cells have several rows.
    private static let vectors: [[Float]] = (0..<120).map { number in
        zip(components(number % 9), components(number + 50)).map { $0 + 0.15 * $1 }
    }

    /// Writes the fixture: `SEMBLANCE_WRITE_FIXTURES=1 swift test --filter writesTheIndexFixture`. The rows are too few for the
    /// service to build an index by itself, so that the file is small.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SEMBLANCE_WRITE_FIXTURES"] != nil))
    func writesTheIndexFixture() throws {
        let harness = try EngineHarness { $0.storage.mapBytes = 16 << 20 }
        for (number, vector) in Self.vectors.enumerated() {
            let insertion = Insertion(vector: vector, payload: [UInt8(number)])
            #expect(harness.insert(insertion, into: Self.namespace).entry != nil)
        }
        try harness.examine { environment in
            let rows = try Self.vectors.map { try UnitVector($0) }
            let transaction = try environment.beginWrite()
            try Self.build(rows) { partition, numbers, sketches in
                let key = StorageKey.partition(Self.content, Self.generation)
                var record = RecordWriter()
                record.append(contentsOf: partition.encoded())
                try transaction.put(.partitions, key, record.sealed(seed: Checksum.of(key)))
                let layout = SketchBlockLayout(
                    rowsPerBlock: BlockLayout(dimension: Self.dimension).rowsPerBlock, sketchBytes: partition.sketchBytes)
                let sketchKey = StorageKey.sketches(Self.content, Self.generation, 0)
                var block = layout.emptyRecord
                for (index, row) in numbers.enumerated() {
                    let range = index * layout.sketchBytes..<(index + 1) * layout.sketchBytes
                    layout.set(Int(row), to: UnsafeRawBufferPointer(rebasing: sketches[range]), in: &block)
                }
                layout.seal(&block, key: sketchKey)
                try transaction.put(.sketches, sketchKey, block)
            }
            try transaction.commit(.entries)
        }
        try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
        let file = Self.folder.appending(path: "data.mdb")
        if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
        try harness.engine.copy(to: Self.folder.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    }

    private static func build(
        _ rows: [UnitVector], _ body: (PruningPartition, [UInt32], UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let stride = UnitVector.stride(dimension: dimension)
        var memory: [Float] = []
        for row in rows { row.withUnsafeRow { memory += Array($0) } }
        let builder = PruningBuilder(
            dimension: dimension, rows: Array(0..<UInt32(rows.count)), cells: 6, seed: 11,
            kernels: try Kernels(environment: [:]), blas: try BlasLibrary())
        try memory.withUnsafeBufferPointer { floats in
            let base = try #require(floats.baseAddress)
            while try !builder.step(maximumRows: 1_000, address: { base + Int($0) * stride }) {}
        }
        var result = Result<Void, any Error>.success(())
        builder.withSketches { partition, numbers, sketches in
            result = Result { try body(partition, numbers, sketches) }
        }
        try result.get()
    }

    private static func copy() throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/store", withIntermediateDirectories: true)
        try Data(contentsOf: folder.appending(path: "data.mdb"))
            .write(to: URL(filePath: directory.path + "/store/data.mdb"))
        return directory
    }

    @Test func theIndexIsLoadedAndNotBuiltAnew() throws {
        let harness = try EngineHarness(directory: Self.copy()) { $0.storage.mapBytes = 16 << 20 }
        harness.engine.waitForBuilds()
        #expect(harness.engine.statistics().indexedRowCount == Self.vectors.count)
        #expect(harness.engine.counters.indexBuilds.current == 0)
        for (number, vector) in Self.vectors.enumerated() {
            let hits = harness.lookup(Lookup(vector: vector, threshold: 0.999), in: Self.namespace).hits
            #expect(hits.first?.entry.payload == [UInt8(number)])
        }
    }

    /// Through the sketches themselves, which the service would not ask for so few rows.
    @Test(arguments: Kernels.supported)
    func theSketchesRuleOutNoRowThatMatches(_ instructionSet: Kernels.InstructionSet) throws {
        let kernels = try #require(Kernels(instructionSet))
        let directory = try Self.copy()
        let environment = try StorageEnvironment(
            directory: directory.path + "/store", options: StorageOptions(mapBytes: 16 << 20))
        let reader = try environment.beginRead()
        defer { withExtendedLifetime(reader) {} }
        let key = StorageKey.partition(Self.content, Self.generation)
        var record = try RecordReader(
            sealed: try #require(try reader.value(.partitions, key)), seed: Checksum.of(key))
        let partition = try PruningPartition(
            decoding: try record.readBytes(record.remainingCount), dimension: Self.dimension, kernels: kernels)
        let blockLayout = BlockLayout(dimension: Self.dimension)
        let layout = SketchBlockLayout(
            rowsPerBlock: blockLayout.rowsPerBlock, sketchBytes: partition.sketchBytes)
        let sketchKey = StorageKey.sketches(Self.content, Self.generation, 0)
        let sketches = try #require(try reader.value(.sketches, sketchKey))
        let checked = try #require(sketchKey.withUnsafeBytes { layout.checked(sketches, key: $0) })
        let block = try #require(try reader.value(.blocks, StorageKey.block(Self.content, 0)))
        let rows = try blockLayout.rows(of: block, content: Self.content, number: 0)
        let numbers = Array(0..<UInt32(Self.vectors.count))
        let index = try PruningIndex(partition, rows: numbers) {
            layout.sketch(Int(numbers[$0]), in: checked) ?? UnsafeRawPointer(rows)
        }
        let search = try #require(PrunedSearch(kernels: kernels))
        let scratch = PruningScratch()
        var explanation: SearchExplanation?
        for (number, vector) in Self.vectors.enumerated() {
            for threshold: Float in [0.99, 0.9, 0.6] {
                let query = try UnitVector(vector)
                let found = search.search(
                    [try Query(query, threshold: threshold, neighbors: 100)], in: index, scratch: scratch,
                    explanation: &explanation, address: { rows + Int($0) * blockLayout.stride },
                    verdict: { _, row in .accept(order: UInt64(row)) })
                let expected = try Self.vectors.indices.filter {
                    Similarity.between(query, try UnitVector(Self.vectors[$0]), kernels: kernels) >= threshold
                }
                #expect(Set(found[0].matches.map { Int($0.row) }) == Set(expected), "row \(number) at \(threshold)")
            }
        }
    }
}
