import CVectorKernels
import CacheModel
import Testing

@testable import VectorSearch

@Suite struct PrunedSearchTests {
    /// Queries near rows and between them, with thresholds at similarities that occur and one ulp to either side.
    private func queries(
        _ searched: PruningCase, count: Int, random: inout SeededGenerator
    ) throws -> [Query] {
        try (0..<count).map { index in
            let twin = try #require(searched.vectors.randomElement(using: &random))
            var vector = twin
            if index % 3 != 0 {
                let spread: Float = index % 3 == 1 ? 0.1 : 0.6
                let noise = random.components(searched.dimension)
                vector = try UnitVector(
                    zip(twin.row, noise).map { $0 + spread * $1 / Float(searched.dimension).squareRoot() })
            }
            let other = try #require(searched.vectors.randomElement(using: &random))
            let serial = try #require(Kernels(.serial))
            let similar: [Float] = [twin, other].map { Similarity.between(vector, $0, kernels: serial) }
            var thresholds: [Float] = [-1, 0.02, 0.5, 0.7, 0.8, 0.9, 0.95, 1]
            for value in similar { thresholds += [value.nextDown, value, value, value.nextUp] }
            let threshold: Float = try #require(thresholds.randomElement(using: &random))
            let neighbors = try #require([1, 1, 1, 3, 100].randomElement(using: &random))
            return try Query(vector, threshold: max(-1, min(1, threshold)), neighbors: neighbors)
        }
    }

    private func expectExact(
        _ searched: PruningCase, _ index: PruningIndex, kernels: Kernels, random: inout SeededGenerator, _ note: String
    ) throws {
        #expect(index.checkInvariants())
        let queries = try queries(searched, count: 24, random: &random)
        let seed = random.next()
        func verdict(_ query: Int, _ row: UInt32) -> RowVerdict {
            var own = SeededGenerator(seed: seed &+ UInt64(row) &* 31 &+ UInt64(query))
            switch Int.random(in: 0..<8, using: &own) {
            case 0: return .exclude(reason: UInt8(3 + row % 2))
            case 1: return .ignore
            default: return .accept(order: UInt64(row) * 7 + 1)
            }
        }
        let expected = try searched.scanned(queries, kernels: kernels, verdict: verdict)
        var searches = [try #require(PrunedSearch(kernels: kernels))]
        if kernels.instructionSet == Kernels.supported.last {
            // Kernels that this machine has and does not choose by itself.
            for number in 0..<8 {
                guard let table = svk_sketch_variant(number) else { break }
                searches.append(PrunedSearch(kernels: kernels, table: table))
            }
        }
        for search in searches {
            try expectExact(searched, index, search, queries, expected, note, verdict: verdict)
        }
    }

    private func expectExact(
        _ searched: PruningCase, _ index: PruningIndex, _ search: PrunedSearch, _ queries: [Query],
        _ expected: [SearchResult], _ note: String, verdict: (Int, UInt32) -> RowVerdict
    ) throws {
        let scratch = PruningScratch()
        for batch in [1, 7, queries.count] {
            var none: SearchExplanation?
            for start in stride(from: 0, to: queries.count, by: batch) {
                let range = start..<min(start + batch, queries.count)
                let found = search.search(
                    Array(queries[range]), in: index, scratch: scratch, explanation: &none, address: searched.address
                ) { query, row in verdict(range.lowerBound + query, row) }
                for (query, result) in zip(range, found) {
                    let wanted = expected[query]
                    let isRight =
                        result.matches == wanted.matches && result.bestExcluded == wanted.bestExcluded
                        && (wanted.matches.isEmpty || result.nearest == wanted.nearest)
                        && result.nearest ?? -2 <= wanted.nearest ?? -2
                    if !isRight {
                        Issue.record("\(note) batch \(batch) \(queries[query].threshold): \(result) not \(wanted)")
                    }
                }
            }
        }
    }

    @Test(arguments: [32, 33, 64, 100, 130])
    func theMatchesAreThoseOfAFullScan(_ dimension: Int) throws {
        for set in Kernels.supported {
            let kernels = try #require(Kernels(set))
            var random = SeededGenerator(seed: UInt64(dimension))
            for (rows, built, cells) in [(700, 400, 12), (300, 300, 40), (300, 3, 1)] {
                let vectors = try PruningCase.adversarial(dimension, count: rows, random: &random)
                let searched = PruningCase(dimension: dimension, vectors: vectors)
                let index = try searched.index(built: built, cells: cells, kernels: kernels, seed: random.next())
                try expectExact(
                    searched, index, kernels: kernels, random: &random, "\(set) \(dimension) \(rows)/\(built)")
            }
        }
    }

    @Test(arguments: [384, 768, 1_536, 4_096])
    func theMatchesAreThoseOfAFullScanInManyDimensions(_ dimension: Int) throws {
        let kernels = try Kernels(environment: [:])
        var random = SeededGenerator(seed: UInt64(dimension))
        let vectors = try PruningCase.adversarial(dimension, count: 260, random: &random)
        let searched = PruningCase(dimension: dimension, vectors: vectors)
        let index = try searched.index(built: 150, cells: 5, kernels: kernels, seed: 3)
        try expectExact(searched, index, kernels: kernels, random: &random, "\(dimension)")
    }

    @Test(arguments: [1, 2, 3, 16])
    func evenDimensionsThatThePlanLeavesToTheScanAreSearchedExactly(_ dimension: Int) throws {
        // Fewer dimensions than the first sketch has signs: there is no basis.
        let kernels = try Kernels(environment: [:])
        var random = SeededGenerator(seed: UInt64(dimension))
        let vectors = try PruningCase.adversarial(dimension, count: 200, random: &random)
        let searched = PruningCase(dimension: dimension, vectors: vectors)
        guard dimension >= SketchLayout(dimension: dimension).prefix else {
            #expect(throws: CacheError.self) {
                try searched.index(built: 100, cells: 4, kernels: kernels, seed: 3)
            }
            return
        }
        let index = try searched.index(built: 100, cells: 4, kernels: kernels, seed: 3)
        try expectExact(searched, index, kernels: kernels, random: &random, "\(dimension)")
    }

    @Test func aClusteredSetIsSearchedByReadingFewOfItsRows() throws {
        var random = SeededGenerator(seed: 5)
        let centers = (0..<40).map { _ in random.components(96) }
        let vectors = try (0..<4_000).map { index in
            try UnitVector(zip(centers[index % 40], random.components(96)).map { $0 + 0.6 * $1 })
        }
        let searched = PruningCase(dimension: 96, vectors: vectors)
        for set in Kernels.supported {
            let kernels = try #require(Kernels(set))
            let index = try searched.index(built: 3_000, cells: 40, kernels: kernels, seed: 1)
            let search = try #require(PrunedSearch(kernels: kernels))
            var explanation: SearchExplanation? = SearchExplanation(plan: .partition)
            for row in stride(from: 0, to: 4_000, by: 200) {
                let results = search.search(
                    [try Query(vectors[row], threshold: 0.95)], in: index, scratch: PruningScratch(),
                    explanation: &explanation, address: searched.address
                ) { _, row in .accept(order: UInt64(row)) }
                #expect(results.first?.matches.first?.row == UInt32(row))
            }
            let looked = try #require(explanation).counts
            #expect(looked.cells == 20 * 40)
            #expect(looked.cellsVisited >= 20 && looked.cellsVisited < 20 * 10)
            #expect(looked.rowsCompared >= 20 && looked.rowsCompared < 20 * 50)
            #expect(looked.sketchesRefined <= looked.sketchesRead && looked.sketchesRead < 20 * 4_000)
            #expect(looked.rowsCompared <= looked.sketchesRefined && looked.sketchesRefined < 20 * 110)
        }
    }

    @Test func theRowsOfAllBlocksAreCountedWhenNoBlockIsRuledOut() throws {
        var random = SeededGenerator(seed: 12)
        let vectors = try PruningCase.adversarial(64, count: 333, random: &random)
        let searched = PruningCase(dimension: 64, vectors: vectors)
        let kernels = try Kernels(environment: [:])
        let index = try searched.index(built: 200, cells: 5, kernels: kernels, seed: 2)
        var explanation: SearchExplanation? = SearchExplanation(plan: .partition)
        _ = try #require(PrunedSearch(kernels: kernels)).search(
            [try Query(vectors[0], threshold: -1)], in: index, scratch: PruningScratch(), explanation: &explanation,
            address: searched.address
        ) { _, _ in .ignore }
        let counts = try #require(explanation).counts
        #expect(counts.cells == 5 && counts.cellsVisited == 5 && counts.sketchesRead == 333)
    }

    @Test func everyInstructionSetComparesTheSameRows() throws {
        var random = SeededGenerator(seed: 6)
        let vectors = try PruningCase.adversarial(200, count: 500, random: &random)
        let searched = PruningCase(dimension: 200, vectors: vectors)
        let serial = try #require(Kernels(.serial))
        let index = try searched.index(built: 300, cells: 9, kernels: serial, seed: 2)
        var counts: [SearchExplanation.Counts] = []
        for set in Kernels.supported {
            let kernels = try #require(Kernels(set))
            let search = try #require(PrunedSearch(kernels: kernels))
            var explanation: SearchExplanation? = SearchExplanation(plan: .partition)
            for row in 0..<60 {
                _ = search.search(
                    [try Query(vectors[row * 7], threshold: [0.6, 0.8, 0.95][row % 3])], in: index,
                    scratch: PruningScratch(), explanation: &explanation, address: searched.address
                ) { _, row in .accept(order: UInt64(row)) }
            }
            counts.append(try #require(explanation).counts)
        }
        #expect(Set(counts).count == 1, "\(counts)")
    }

    @Test func aRowNumberThatWasUsedAgainIsFoundOnceAndByItsNewVector() throws {
        let kernels = try Kernels(environment: [:])
        var random = SeededGenerator(seed: 8)
        let vectors = try PruningCase.adversarial(64, count: 100, random: &random)
        let searched = PruningCase(dimension: 64, vectors: vectors)
        var index = try searched.index(built: 100, cells: 4, kernels: kernels, seed: 2)
        try searched.insert(40..<60, into: &index, kernels: kernels, batch: 20)
        #expect(index.rowCount == 120)
        let search = try #require(PrunedSearch(kernels: kernels))
        var none: SearchExplanation?
        let results = search.search(
            [try Query(vectors[45], threshold: 0.5, neighbors: 100)], in: index, scratch: PruningScratch(),
            explanation: &none, address: searched.address
        ) { _, row in .accept(order: UInt64(row)) }
        let rows = try #require(results.first).matches.map(\.row)
        #expect(rows.contains(45) && Set(rows).count == rows.count)
    }

    @Test func aRowWithoutAVectorIsAsIfItDidNotExist() throws {
        let kernels = try Kernels(environment: [:])
        var random = SeededGenerator(seed: 9)
        let vectors = try PruningCase.adversarial(64, count: 100, random: &random)
        let searched = PruningCase(dimension: 64, vectors: vectors)
        let index = try searched.index(built: 50, cells: 4, kernels: kernels, seed: 2)
        let search = try #require(PrunedSearch(kernels: kernels))
        var none: SearchExplanation?
        let results = search.search(
            [try Query(vectors[7], threshold: -1, neighbors: 100)], in: index, scratch: PruningScratch(),
            explanation: &none, address: { $0 % 2 == 0 ? searched.address($0) : nil }
        ) { _, row in .accept(order: UInt64(row)) }
        #expect(results.first?.matches.count == 50)
    }
}
