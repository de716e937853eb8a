import CacheModel
import Synchronization
import Testing

@testable import VectorSearch

/// The newest index and the rows that it has.
private final class Published: Sendable {
    struct State {
        var index: PruningIndex
        var known: Int
        var isDone = false
    }

    let state: Mutex<State>

    init(_ index: PruningIndex, known: Int) { state = Mutex(State(index: index, known: known)) }

    func publish(_ index: PruningIndex, known: Int) {
        state.withLock {
            $0.index = index
            $0.known = known
        }
    }
}

@Suite struct PruningIndexTests {
    private func someCase(
        dimension: Int = 64, rows: Int = 300, seed: UInt64 = 1
    ) throws -> (PruningCase, Kernels) {
        var random = SeededGenerator(seed: seed)
        let vectors = try PruningCase.adversarial(dimension, count: rows, random: &random)
        return (PruningCase(dimension: dimension, vectors: vectors), try Kernels(environment: [:]))
    }

    private func matches(
        of row: Int, _ searched: PruningCase, _ index: PruningIndex, _ kernels: Kernels
    ) throws -> [Match] {
        let search = try #require(PrunedSearch(kernels: kernels))
        var none: SearchExplanation?
        return search.search(
            [try Query(searched.vectors[row], threshold: 0.6, neighbors: 100)], in: index, scratch: PruningScratch(),
            explanation: &none, address: searched.address
        ) { _, row in .accept(order: UInt64(row)) }[0].matches
    }

    @Test func aViewDoesNotSeeWhatIsInsertedLater() throws {
        let (searched, kernels) = try someCase()
        var index = try searched.index(built: 300, cells: 5, kernels: kernels, seed: 1)
        var views: [(PruningIndex, [Match])] = []
        for start in stride(from: 0, to: 300, by: 30) {
            views.append((index, try matches(of: 1, searched, index, kernels)))
            try searched.insert(start..<start + 30, into: &index, kernels: kernels, batch: 7)
        }
        for (number, view) in views.enumerated() {
            #expect(view.0.rowCount == 300 + number * 30)
            #expect(view.0.checkInvariants())
            #expect(try matches(of: 1, searched, view.0, kernels) == view.1)
        }
    }

    @Test func searchesRunWhileRowsAreInsertedAndTheIndexIsRebuilt() async throws {
        let (searched, kernels) = try someCase(dimension: 48, rows: 600)
        let half = PruningCase(dimension: 48, vectors: Array(searched.vectors.prefix(300)))
        let first = try half.index(built: 200, cells: 6, kernels: kernels, seed: 1)
        let shared = Published(first, known: 300)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for reader in 0..<2 {
                group.addTask {
                    let search = try #require(PrunedSearch(kernels: kernels))
                    let scratch = PruningScratch()
                    var count = 0
                    var none: SearchExplanation?
                    var random = SeededGenerator(seed: UInt64(reader))
                    repeat {
                        let (index, known) = shared.state.withLock { ($0.index, $0.known) }
                        let row = Int.random(in: 0..<known, using: &random)
                        let result = search.search(
                            [try Query(searched.vectors[row], threshold: 1)], in: index, scratch: scratch,
                            explanation: &none, address: searched.address
                        ) { _, found in .accept(order: UInt64(found)) }[0]
                        // Itself, or a row with the same bits.
                        let best = try #require(result.matches.first, "row \(row) of \(known) was not found")
                        #expect(best.similarity == 1)
                        count += 1
                        // The pool has few threads, and the writer needs one of them.
                        await Task.yield()
                    } while !shared.state.withLock { $0.isDone }
                    return count
                }
            }
            group.addTask {
                defer { shared.state.withLock { $0.isDone = true } }
                let builder = PruningBuilder(
                    dimension: 48, rows: (0..<300).map { UInt32($0) }, cells: 12, seed: 5, kernels: kernels,
                    blas: try BlasLibrary())
                var known = 300
                while try !builder.step(maximumRows: 40, address: searched.address) {
                    guard known + 5 <= 600 else { continue }
                    var index = shared.state.withLock { $0.index }
                    try searched.insert(known..<known + 5, into: &index, kernels: kernels, batch: 5)
                    known += 5
                    shared.publish(index, known: known)
                }
                var rebuilt = try builder.finish()
                try searched.insert(300..<known, into: &rebuilt, kernels: kernels, batch: 64)
                shared.publish(rebuilt, known: known)
                for start in stride(from: known, to: 600, by: 5) {
                    try searched.insert(start..<min(600, start + 5), into: &rebuilt, kernels: kernels, batch: 5)
                    shared.publish(rebuilt, known: min(600, start + 5))
                }
                return 1
            }
            for try await count in group { #expect(count > 0) }
        }
        #expect(shared.state.withLock { $0.index.rowCount } == 600)
        #expect(shared.state.withLock { $0.index.checkInvariants() })
    }

    @Test func aPartitionAndItsSketchesComeBackFromBytes() throws {
        let (searched, kernels) = try someCase()
        let index = try searched.index(built: 300, cells: 7, kernels: kernels, seed: 1)
        let bytes = index.partition.encoded()
        let partition = try bytes.withUnsafeBytes {
            try PruningPartition(decoding: $0, dimension: 64, kernels: kernels)
        }
        #expect(partition.encoded() == bytes)
        let sketcher = try #require(RowSketcher(partition, kernels: kernels))
        let rows = (0..<300).map { UInt32($0) }
        var sketches = [UInt8](repeating: 0, count: 300 * sketcher.sketchBytes)
        sketches.withUnsafeMutableBytes { sketcher.sketch(rows.compactMap(searched.address), into: $0) }
        let loaded = try sketches.withUnsafeBytes { bytes in
            try PruningIndex(partition, rows: rows) { bytes.baseAddress! + $0 * sketcher.sketchBytes }
        }
        #expect(loaded.checkInvariants() && loaded.rowCount == 300)
        for row in 0..<20 {
            #expect(
                try matches(of: row, searched, loaded, kernels) == (try matches(of: row, searched, index, kernels)))
        }
    }

    @Test func damagedBytesAreRefused() throws {
        let (searched, kernels) = try someCase()
        let index = try searched.index(built: 300, cells: 3, kernels: kernels, seed: 1)
        let bytes = index.partition.encoded()
        func decode(_ bytes: [UInt8], dimension: Int = 64) throws {
            _ = try bytes.withUnsafeBytes {
                try PruningPartition(decoding: $0, dimension: dimension, kernels: kernels)
            }
        }
        try decode(bytes)
        for length in [0, 1, 31, 32, 33, bytes.count - 1] {
            #expect(throws: CacheError.self) { try decode(Array(bytes.prefix(length))) }
        }
        #expect(throws: CacheError.self) { try decode(bytes + [0]) }
        for dimension in [0, -1, 63, 65, 4_097, .max] {
            #expect(throws: CacheError.self) { try decode(bytes, dimension: dimension) }
        }
        // The magic, dimension, cells, pairs and a in the header, a direction, a scale.
        let scales = 32 + 4 * index.partition.basis.count
        for offset in [0, 4, 8, 11, 12, 27, 32 + 3, scales + 2] {
            var damaged = bytes
            damaged[offset] ^= 0x55
            #expect(throws: CacheError.self, "byte \(offset)") { try decode(damaged) }
        }
    }

    @Test func aSketchOfAnotherPartitionLeavesTheIndexAsItWas() throws {
        let (searched, kernels) = try someCase()
        var index = try searched.index(built: 300, cells: 3, kernels: kernels, seed: 1)
        let sketcher = try #require(RowSketcher(index.partition, kernels: kernels))
        let rows: [UInt32] = [0, 1]
        var good = [UInt8](repeating: 0, count: 2 * sketcher.sketchBytes)
        good.withUnsafeMutableBytes { sketcher.sketch(rows.compactMap(searched.address), into: $0) }
        let layout = index.partition.layout
        for (offset, byte) in [(layout.cellOffset, 3), (layout.cellOffset + 3, 0x80), (layout.codeBytes + 3, 0x7f)] {
            var sketches = good
            sketches[sketcher.sketchBytes + offset] = UInt8(byte)
            #expect(throws: CacheError.self) {
                try sketches.withUnsafeBytes { try index.insert($0, rows: rows) }
            }
        }
        #expect(throws: CacheError.self) {
            try good.withUnsafeBytes { try index.insert(UnsafeRawBufferPointer(rebasing: $0.dropLast()), rows: rows) }
        }
        #expect(index.rowCount == 300 && index.checkInvariants())
        try good.withUnsafeBytes { try index.insert($0, rows: rows) }
        #expect(index.rowCount == 302 && index.checkInvariants())
    }

    @Test func rowsWithoutAVectorAreLeftOutOfARebuild() throws {
        let (searched, kernels) = try someCase()
        let builder = PruningBuilder(
            dimension: 64, rows: (0..<400).map { UInt32($0) }, cells: 3, seed: 1, kernels: kernels,
            blas: try BlasLibrary())
        #expect(throws: CacheError.self) { try builder.finish() }
        while try !builder.step(maximumRows: 64, address: searched.address) {}
        let index = try builder.finish()
        #expect(index.rowCount == 300 && index.checkInvariants())
    }

    @Test func anIndexOfNoRowsFindsNothing() throws {
        let (searched, kernels) = try someCase(rows: 20)
        let builder = PruningBuilder(
            dimension: 64, rows: [], cells: 3, seed: 1, kernels: kernels, blas: try BlasLibrary())
        while try !builder.step(maximumRows: 64, address: searched.address) {}
        let index = try builder.finish()
        #expect(try matches(of: 1, searched, index, kernels).isEmpty)
    }

    @Test func thePlanFollowsFromTheCounts() {
        func plan(_ scope: Int, _ total: Int, _ indexed: Int) -> SearchExplanation.Plan {
            PruningPlan.choose(scopeRows: scope, totalRows: total, indexedRows: indexed)
        }
        #expect(plan(10, 1_000_000, 1_000_000) == .scopeList)
        #expect(plan(1_000, 1_500, 0) == .scan)
        #expect(plan(500_000, 1_000_000, 1_000_000) == .partition)
        #expect(plan(500_000, 1_000_000, 0) == .scan)
        #expect(PruningPlan.cellCount(rows: 1_000_000) == 1_008)
        #expect(!PruningPlan.needsRebuild(liveRows: 100, indexedRows: 0, cellCount: nil, dimension: 384))
        #expect(PruningPlan.needsRebuild(liveRows: 5_000, indexedRows: 0, cellCount: nil, dimension: 384))
        #expect(!PruningPlan.needsRebuild(liveRows: 5_000, indexedRows: 0, cellCount: nil, dimension: 16))
        #expect(!PruningPlan.needsRebuild(liveRows: 15_000, indexedRows: 15_000, cellCount: 112, dimension: 384))
        #expect(PruningPlan.needsRebuild(liveRows: 30_000, indexedRows: 30_000, cellCount: 112, dimension: 384))
        #expect(PruningPlan.needsRebuild(liveRows: 10_000, indexedRows: 20_000, cellCount: 112, dimension: 384))
    }
}
