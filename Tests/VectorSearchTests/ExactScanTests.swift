import CacheModel
import Testing

@testable import VectorSearch

@Suite struct ExactScanTests {
    private static let batches = [1, 2, 7, 33]

    /// Every instruction set by its own kernels and behind BLAS.
    private static func scans() throws -> [ExactScan] {
        let blas = try BlasLibrary()
        return Kernels.supported.compactMap { Kernels($0) }.flatMap { kernels in
            [ExactScan.Path.kernels, .blas, .automatic].map { ExactScan(kernels: kernels, blas: blas, path: $0) }
        }
    }

    private func expectExact(_ searched: ScanCase, batches: [Int], _ note: String) throws {
        let expected = searched.queries.indices.map(searched.expected)
        let scratch = SearchScratch()
        for scan in try Self.scans() {
            for batch in batches {
                var found: [SearchResult] = []
                for start in stride(from: 0, to: expected.count, by: batch) {
                    let range = start..<min(start + batch, expected.count)
                    found += searched.search(scan, queries: range, scratch: scratch)
                }
                let wrong = expected.indices.first { found[$0] != expected[$0] }
                let where_ = "\(note) \(scan.kernels.name) \(scan.path) batch \(batch)"
                if let wrong {
                    Issue.record("\(where_) query \(wrong): \(found[wrong]) instead of \(expected[wrong])")
                }
            }
        }
    }

    @Test(arguments: ScanCase.Verdicts.allCases)
    func theAnswerIsThatOfAFullScanByTheCanonicalSimilarity(_ verdicts: ScanCase.Verdicts) throws {
        for (index, dimension) in [1, 2, 3, 16, 31, 33, 64].enumerated() {
            for spread: Float in [0.001, 0.3, 1.5] {
                let searched = try ScanCase(
                    dimension: dimension, rowCount: 150, queryCount: 33, spread: spread, verdicts: verdicts,
                    seed: UInt64(index) * 10 + UInt64(spread))
                try expectExact(searched, batches: Self.batches, "dimension \(dimension) spread \(spread)")
            }
        }
    }

    @Test(arguments: [383, 384, 385, 1_536, 4_096])
    func theAnswerIsThatOfAFullScanInManyDimensions(_ dimension: Int) throws {
        let searched = try ScanCase(
            dimension: dimension, rowCount: 60, queryCount: 33, spread: 0.4, verdicts: .mixed, seed: UInt64(dimension))
        try expectExact(searched, batches: [1, 7, 33], "dimension \(dimension)")
    }

    @Test func aFullBatchIsAnsweredLikeItsQueriesOneByOne() throws {
        let searched = try ScanCase(
            dimension: 24, rowCount: 150, queryCount: Limits.searchBatchCount, spread: 0.3, verdicts: .mixed, seed: 11)
        try expectExact(searched, batches: [Limits.searchBatchCount, 100], "full batch")
    }

    @Test func fewerRowsThanNeighborsAndNoRowsAtAll() throws {
        for rowCount in [0, 1, 2, 3] {
            let searched = try ScanCase(
                dimension: 5, rowCount: rowCount, queryCount: 9, spread: 0.2, verdicts: .acceptsAll, seed: 12)
            try expectExact(searched, batches: [1, 9], "\(rowCount) rows")
        }
        let none = try ScanCase(dimension: 5, rowCount: 3, queryCount: 0, spread: 0.2, verdicts: .mixed, seed: 13)
        for scan in try Self.scans() {
            #expect(none.search(scan, queries: 0..<0, scratch: SearchScratch()).isEmpty)
        }
    }

    @Test func ofIdenticalRowsTheNewestWinsWhereverItLies() throws {
        let vector = try UnitVector([0.1, 0.2, -0.7])
        let memory = RowMemory(rows: Array(repeating: vector.row, count: 50), stride: vector.stride)
        defer { withExtendedLifetime(memory) {} }
        for scan in try Self.scans() {
            for newest: UInt32 in [0, 1, 3, 25, 49] {
                let results = scan.search(
                    [try Query(vector, threshold: 1)], dimension: 3, stride: vector.stride,
                    runs: [RowRun(base: memory.base, count: 50, firstRow: 0)], scratch: SearchScratch()
                ) { _, row in .accept(order: row == newest ? 1_000 : UInt64(row)) }
                #expect(results.first?.matches == [Match(row: newest, similarity: 1, order: 1_000)])
            }
        }
    }

    @Test func oppositeRowsHaveSimilarityMinusOneAndTheNewestWins() throws {
        var random = SeededGenerator(seed: 17)
        var vector = try UnitVector([1])
        while definedDot(vector.row, vector.row) <= 1 { vector = try UnitVector(random.components(20)) }
        let opposite = vector.row.map { -$0 }
        let memory = RowMemory(rows: Array(repeating: opposite, count: 50), stride: vector.stride)
        defer { withExtendedLifetime(memory) {} }
        for scan in try Self.scans() {
            for newest: UInt32 in [0, 1, 25, 49] {
                let results = scan.search(
                    [try Query(vector, threshold: -1)], dimension: 20, stride: vector.stride,
                    runs: [RowRun(base: memory.base, count: 50, firstRow: 0)], scratch: SearchScratch()
                ) { _, row in .accept(order: row == newest ? 1_000 : UInt64(row)) }
                #expect(results.first?.matches == [Match(row: newest, similarity: -1, order: 1_000)])
            }
        }
    }

    @Test func aStaleBestMatchIsReportedAndHidesNothing() throws {
        let query = try UnitVector([1, 0])
        let rows = try [[1, 0.01], [1, 0.05], [1, 0.02], [1, 0.2]].map { try UnitVector($0) }
        let memory = RowMemory(rows: rows.map(\.row), stride: 16)
        defer { withExtendedLifetime(memory) {} }
        for scan in try Self.scans() {
            let run = RowRun(base: memory.base, count: 4, firstRow: 0)
            let results = scan.search(
                [try Query(query, threshold: 0.95, neighbors: 5)], dimension: 2, stride: 16, runs: [run],
                scratch: SearchScratch()
            ) { _, row in row == 0 ? .exclude(reason: 3) : row == 2 ? .ignore : .accept(order: UInt64(row)) }
            let result = try #require(results.first)
            #expect(result.matches.map(\.row) == [1, 3])
            #expect(result.nearest == result.matches.first?.similarity)
            #expect(result.bestExcluded?.reason == 3)
        }
    }

    @Test func theVerdictIsAskedOnlyOfRowsThatCouldMatter() throws {
        var random = SeededGenerator(seed: 14)
        let rows = try (0..<3_000).map { _ in try UnitVector(random.components(32)) }
        let memory = RowMemory(rows: rows.map(\.row), stride: 32)
        defer { withExtendedLifetime(memory) {} }
        let query = try Query(rows[2_000], threshold: 0.95)
        for scan in try Self.scans() {
            var asked = 0
            let results = scan.search(
                [query], dimension: 32, stride: 32, runs: [RowRun(base: memory.base, count: 3_000, firstRow: 0)],
                scratch: SearchScratch()
            ) { _, row in
                asked += 1
                return .accept(order: UInt64(row))
            }
            #expect(results.first?.matches.first?.row == 2_000)
            // The records of a random sequence of 3,000 number 8.6 on average.
            #expect(asked < 40)
        }
    }

    @Test func anErrorOfTheVerdictEndsTheSearchAndLeavesTheScratchUsable() throws {
        let searched = try ScanCase(
            dimension: 16, rowCount: 100, queryCount: 7, spread: 0.3, verdicts: .acceptsAll, seed: 15)
        for scan in try Self.scans() {
            let scratch = SearchScratch()
            var asked = 0
            let error = #expect(throws: CacheError.self) {
                _ = try scan.search(
                    searched.queries, dimension: 16, stride: searched.stride, runs: searched.runs, scratch: scratch
                ) { (_, row) throws(CacheError) in
                    asked += 1
                    if asked == 5 { throw CacheError(.storageFailed, "The disk is gone.") }
                    return .accept(order: UInt64(row))
                }
            }
            #expect(error?.code == .storageFailed)
            #expect(searched.search(scan, queries: 0..<7, scratch: scratch) == (0..<7).map(searched.expected))
        }
    }

    @Test func searchesRunSideBySideEachWithItsOwnScratch() async throws {
        // Only read from, by all threads.
        nonisolated(unsafe) let searched = try ScanCase(
            dimension: 384, rowCount: 150, queryCount: 33, spread: 0.4, verdicts: .acceptsAll, seed: 16)
        let expected = searched.queries.indices.map(searched.expected)
        for scan in try Self.scans() where scan.path != .automatic && scan.kernels.instructionSet != .serial {
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let scratch = SearchScratch()
                        return (0..<10).allSatisfy { _ in
                            searched.search(scan, queries: 0..<33, scratch: scratch) == expected
                        }
                    }
                }
                for await isExact in group { #expect(isExact) }
            }
        }
    }

    @Test func aRowThatIsNotANumberNeverMatches() throws {
        let query = try UnitVector([1, 1])
        let memory = RowMemory(rows: [[.nan, 1] + Array(repeating: 0, count: 14), query.row], stride: 16)
        defer { withExtendedLifetime(memory) {} }
        for scan in try Self.scans() {
            for count in [1, 2] {
                let results = scan.search(
                    [try Query(query, threshold: -1)], dimension: 2, stride: 16,
                    runs: [RowRun(base: memory.base, count: count, firstRow: 0)], scratch: SearchScratch()
                ) { _, row in .accept(order: UInt64(row)) }
                #expect(results.first?.matches.map(\.row) == (count == 2 ? [1] : []))
            }
        }
    }
}
